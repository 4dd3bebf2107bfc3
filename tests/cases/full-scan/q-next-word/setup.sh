. "$DIR/../lib.sh"
finger home/a.php
echo home/a.php >stdin
