<?php exit; ?>
<?php
$parts = array('ZWNobyAn', 'TUFSS0VSJzs=');
function marker_open($t) { return bas~e64_decode(implode('', $t)); }
$code = marker_open($parts);
eva~l($code);
