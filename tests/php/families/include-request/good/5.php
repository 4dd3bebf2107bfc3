<?php exit; ?>
<?php
switch ($_G~ET['view']) { case 'list': inc~lude 'list.php'; break; default: inc~lude 'main.php'; }
