<?php exit; ?>
<?php
// eva~l($_P~OST['x']) is what nobody should write.
$value = isset($_P~OST['x']) ? (int) $_P~OST['x'] : 0;
echo $value;
