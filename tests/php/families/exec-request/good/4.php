<?php exit; ?>
<?php
if (PHP_SAPI !== 'cli') { exit(1); }
pas~sthru('git log -1');
