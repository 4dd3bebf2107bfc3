<?php exit; ?>
<?php
$double = cre~ate_function('$x', 'return $x * 2;'); echo implode(',', arr~ay_map($double, array(1, 2, 3)));
