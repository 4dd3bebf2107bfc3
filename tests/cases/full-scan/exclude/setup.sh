. "$DIR/../lib.sh"
mkdir home/cache; finger home/a.jpg; finger home/cache/a.php; finger home/b.php
