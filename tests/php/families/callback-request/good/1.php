<?php exit; ?>
<?php
$ids = arr~ay_map('intval', (array) $_P~OST['ids']);
echo count($ids);
