. "$DIR/../lib.sh"
finger home/a.php; rule home/b.php; shell home/c.php
find home -type f | LC_ALL=C sort >stdin
