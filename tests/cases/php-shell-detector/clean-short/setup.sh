. "$DIR/../../full-scan/lib.sh"
finger home/1.php; injected home/2.php; clean home/5.php
find home -type f | LC_ALL=C sort >stdin
