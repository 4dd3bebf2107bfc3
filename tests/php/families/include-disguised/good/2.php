<?php exit; ?>
<?php
$picture = 'logo.png'; readfile(__DIR__ . '/' . $picture);
