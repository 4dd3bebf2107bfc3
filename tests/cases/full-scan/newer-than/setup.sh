. "$DIR/../lib.sh"
finger home/a.php; finger home/b.php; touch -d "3 days ago" home/b.php
