<?php exit; ?>
<?php
req~uire_once dirname(__FILE__) . '/config.php';
inc~lude ABSPATH . 'wp-inc~ludes/load.php';
