<?php exit; ?>
<?php
$a = 'MJAbolNaGHSFF0IFWmf=';
$f = 'str~_rot13'; $g = 'bas~e64_decode';
eva~l($g($f($a)));
