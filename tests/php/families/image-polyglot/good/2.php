<?php exit; ?>
<?php
if (substr(file_get_contents($f), 0, 6) === 'GIF89a') { echo 'a picture'; }
