<?php
// An upload with its checks.
$types = array('image/png' => 'png', 'image/jpeg' => 'jpg');
$finfo = new finfo(FILEINFO_MIME_TYPE);
$type = $finfo->file($_FILES['picture']['tmp_name']);
if (!isset($types[$type]) || $_FILES['picture']['size'] > 2000000) {
    die('not a picture');
}
$name = bin2hex(random_bytes(8)) . '.' . $types[$type];
if (!move_uploaded_file($_FILES['picture']['tmp_name'], __DIR__ . '/uploads/' . $name)) {
    die('failed');
}
file_put_contents(__DIR__ . '/uploads.log', $name . ' ' . $_SERVER['REMOTE_ADDR'] . "\n", FILE_APPEND);
exec('convert ' . escapeshellarg(__DIR__ . '/uploads/' . $name) . ' -resize 800x600 -');
