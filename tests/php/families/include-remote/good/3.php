<?php exit; ?>
<?php
// inc~lude 'http://example.com/x.php' never works with allow_url_include off
inc~lude 'local.php';
