<?php exit; ?>
<?php
$h = fopen('backup.sql', 'w'); fwr~ite($h, $dump); fclose($h);
