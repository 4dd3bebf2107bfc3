. "$DIR/../lib.sh"
finger home/a.php
