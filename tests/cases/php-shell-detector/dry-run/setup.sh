. "$DIR/../../full-scan/lib.sh"
finger home/1.php
find home -type f | LC_ALL=C sort >stdin
