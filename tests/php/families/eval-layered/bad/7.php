<?php exit; ?>
<?php
$s = ';\'REKRAM\' ohce';
eva~l(strrev($s));
