. "$DIR/../../full-scan/lib.sh"
finger 'home/new
line.php'; clean home/b.php
find home -type f -print0 | LC_ALL=C sort -z >stdin
