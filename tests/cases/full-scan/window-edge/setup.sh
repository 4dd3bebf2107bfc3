. "$DIR/../lib.sh"
head -c 2097140 /dev/zero | tr "\0" "\n" >home/a.php; printf "<?php // CASE-FINGERPRINT-ALPHA" >>home/a.php
