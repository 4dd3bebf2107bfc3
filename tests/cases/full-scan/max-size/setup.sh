. "$DIR/../lib.sh"
finger home/a.php; { cat home/a.php; head -c 2000 /dev/zero; } >home/b.php
