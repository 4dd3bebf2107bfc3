<?php exit; ?>
<?php
$info = array('PHP' => PHP_VERSION, 'Server' => $_S~ERVER['SERVER_SOFTWARE'], 'Memory' => ini_get('memory_limit'), 'Disk' => disk_free_space('/'));
foreach ($info as $k => $v) { printf("<tr><th>%s</th><td>%s</td></tr>\n", $k, htmlspecialchars($v)); }
