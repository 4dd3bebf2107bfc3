. "$DIR/../lib.sh"
finger home/a.php; injected home/b.php; printf "one\ntwo <?php /*injected*/ marker(5); ?>three\nfour\n" >home/c.php
find home -type f | LC_ALL=C sort >stdin
