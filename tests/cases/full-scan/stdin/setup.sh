. "$DIR/../lib.sh"
finger home/a.php; clean home/b.php; mkdir home/sub; rule home/sub/c.php
printf "%s\n" home home/a.php home/b.php home/sub home/sub/c.php >stdin
