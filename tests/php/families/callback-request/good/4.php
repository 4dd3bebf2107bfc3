<?php exit; ?>
<?php
register_shutdown_function(array($logger, 'flush'));
set_error_handler('my_error_handler');
ob_start('ob_gzhandler');
