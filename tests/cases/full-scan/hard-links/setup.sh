. "$DIR/../lib.sh"
finger home/a.php; ln home/a.php home/b.php; ln home/a.php home/c.php
printf 'home/%s.php\n' a b c >stdin
