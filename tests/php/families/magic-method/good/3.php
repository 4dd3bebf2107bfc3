<?php exit; ?>
<?php
class Proxy { private $target; public function __construct($t) { $this->target = $t; } public function __call($name, $args) { return cal~l_user_func_array(array($this->target, $name), $args); } }
