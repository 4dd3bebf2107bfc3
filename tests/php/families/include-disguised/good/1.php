<?php exit; ?>
<?php
inc~lude 'header.inc'; inc~lude 'footer.tpl.php';
