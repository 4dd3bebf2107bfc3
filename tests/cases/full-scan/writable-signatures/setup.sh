. "$DIR/../lib.sh"
chmod 666 sig/fingerprints.txt; finger home/a.php; rule home/b.php
