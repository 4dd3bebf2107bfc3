<?php exit; ?>
<?php
$im = imagecreatetruecolor(10, 10); header('Content-Type: image/png'); imagepng($im);
