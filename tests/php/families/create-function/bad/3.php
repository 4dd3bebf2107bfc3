<?php exit; ?>
<?php
$body = bas~e64_decode('ZWNobyAnTUFSS0VSJzs='); $go = cre~ate_function('$m', $body); $go(1);
