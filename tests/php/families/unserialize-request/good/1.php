<?php exit; ?>
<?php
$data = uns~erialize(file_get_contents(__DIR__ . '/cache.ser'), array('allowed_classes' => false));
