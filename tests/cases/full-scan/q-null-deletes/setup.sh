. "$DIR/../lib.sh"
finger home/a.php; clean home/b.php
