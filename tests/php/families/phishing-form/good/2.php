<?php exit; ?>
<?php
$token = $gateway->createToken(array('number' => $_P~OST['card_number'], 'cvv' => $_P~OST['cvv'])); $gateway->charge($token, $amount);
