<?php exit; ?>
<?php
$flags = E_ALL & {x7e}E_NOTICE; error_reporting($flags ^ E_STRICT);
