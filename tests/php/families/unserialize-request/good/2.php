<?php exit; ?>
<?php
$state = json_decode($_C~OOKIE['state'], true);
