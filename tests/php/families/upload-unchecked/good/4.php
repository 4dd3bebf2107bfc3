<?php exit; ?>
<?php
$rows = arr~ay_map('str_getcsv', file($_F~ILES['csv']['tmp_name']));
echo count($rows);
