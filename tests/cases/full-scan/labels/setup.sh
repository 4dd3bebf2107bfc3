. "$DIR/../lib.sh"
finger home/1.php; injected home/2.php; shell home/3.php; rule home/4.php; clean home/5.php
printf "<?php // CASE-FINGERPRINT-BETA CASE-RULE-MARKER CASE-FINGERPRINT-ALPHA\n" >home/6.php
find home -type f | LC_ALL=C sort >stdin
