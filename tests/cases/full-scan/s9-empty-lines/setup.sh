. "$DIR/../lib.sh"
printf "CASE-FINGERPRINT-ALPHA\n\nab\n        \n" >sig/fingerprints.txt; printf "\n.*\n" >sig/backdoors.re; clean home/a.php; finger home/b.php
