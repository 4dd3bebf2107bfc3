<?php exit; ?>
<?php
function constant_time_equals($a, $b) { $d = strlen($a) ^ strlen($b); for ($i = 0; $i < strlen($a) && $i < strlen($b); $i++) { $d |= ord($a[$i]) ^ ord($b[$i]); } return $d === 0; }
