<?php exit; ?>
<?php
$logo = bas~e64_decode('R0lGODlhIG1hcmtlciBwaWN0dXJlIGJ5dGVz');
header('Content-Type: image/gif');
echo $logo;
