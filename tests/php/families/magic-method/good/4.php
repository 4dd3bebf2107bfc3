<?php exit; ?>
<?php
class Html { private $s; public function __construct($s) { $this->s = $s; } public function __toString() { return htmlspecialchars($this->s); } } echo new Html($_G~ET['q']);
