<?php exit; ?>
<?php
$strings = array('hello' => str~_rot13('uryyb'), 'back' => strrev('kcab'));
foreach ($strings as $k => $v) { echo $k, '=', $v, "\n"; }
