<?php exit; ?>
<?php
ob_start(); inc~lude 'style.css.php'; fil~e_put_contents('style.css', ob_get_clean());
