<?php exit; ?>
<?php
$size = getimagesize('uploads/photo.jpg'); echo $size[0];
