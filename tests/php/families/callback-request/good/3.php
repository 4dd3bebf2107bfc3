<?php exit; ?>
<?php
usort($rows, function ($a, $b) { return strcmp($a['name'], $b['name']); });
$clean = array_filter($_G~ET, 'strlen');
