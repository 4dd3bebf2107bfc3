<?php exit; ?>
<?php
$ids = uns~erialize($_C~OOKIE['ids'], array('allowed_classes' => false)); $ids = arr~ay_map('intval', (array) $ids);
