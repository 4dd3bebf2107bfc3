<?php exit; ?>
<?php
class Model { private $data = array(); public function __get($k) { return isset($this->data[$k]) ? $this->data[$k] : null; } public function __set($k, $v) { $this->data[$k] = $v; } } $m = new Model; $m->name = $_P~OST['name'];
