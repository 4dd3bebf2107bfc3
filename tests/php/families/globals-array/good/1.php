<?php exit; ?>
<?php
function counter() { $GLO~BALS['count']++; return $GLO~BALS['count']; } echo counter();
