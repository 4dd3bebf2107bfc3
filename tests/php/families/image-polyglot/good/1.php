<?php exit; ?>
<?php
header('Content-Type: image/gif'); echo "GIF89a\x01\x00\x01\x00\x80\x00\x00";
