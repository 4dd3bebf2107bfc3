<?php exit; ?>
<?php
usort($rows, cre~ate_function('$a,$b', 'return strcmp($a["name"], $b["name"]);'));
