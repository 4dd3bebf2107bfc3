<?php exit; ?>
<?php
$class = 'App\\' . 'Controller'; $object = new $class();
$method = 'index'; $object->$method();
