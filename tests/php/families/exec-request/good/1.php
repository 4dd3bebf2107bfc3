<?php exit; ?>
<?php
$host = escapeshellarg($_G~ET['host']);
exe~c('ping -c 1 ' . $host, $lines);
echo implode('<br>', arr~ay_map('htmlspecialchars', $lines));
