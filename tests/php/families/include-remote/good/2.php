<?php exit; ?>
<?php
$c = curl_init('https://api.example.com/v1/items'); curl_setopt($c, CURLOPT_RETURNTRANSFER, true);
$items = json_decode(curl_exec($c), true);
