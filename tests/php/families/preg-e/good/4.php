<?php exit; ?>
<?php
$path = '/home/e'; echo pre~g_replace('#/e#', '/f', $path);
