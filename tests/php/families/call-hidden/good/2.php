<?php exit; ?>
<?php
$prefix = 'image'; $type = 'png';
$function = $prefix . 'create' . 'from' . $type;
$image = $function($file);
