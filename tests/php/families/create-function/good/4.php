<?php exit; ?>
<?php
$f = function ($x) { return htmlspecialchars($x); }; echo $f($_G~ET['q']);
