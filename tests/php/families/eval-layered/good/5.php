<?php exit; ?>
<?php
$test = '<?php eva~l(bas~e64_decode("..."));';
echo 'A scanner looks for ' . htmlspecialchars($test);
