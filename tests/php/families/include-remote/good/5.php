<?php exit; ?>
<?php
$version = trim(file_get_contents('https://example.com/version.txt'));
if (version_compare($version, '2.0', '>')) { echo 'A new version is there'; }
