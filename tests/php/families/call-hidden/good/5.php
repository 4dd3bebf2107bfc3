<?php exit; ?>
<?php
$alphabet = 'abcdefghijklmnopqrstuvwxyz';
$word = $alphabet[7] . $alphabet[8]; echo $word;
