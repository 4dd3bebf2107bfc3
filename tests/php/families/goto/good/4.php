<?php exit; ?>
<?php
function parse($s) { $i = 0; start: if ($i >= strlen($s)) { got~o end; } switch ($s[$i]) { case 'a': $i++; got~o start; default: $i += 2; got~o start; } end: return $i; }
