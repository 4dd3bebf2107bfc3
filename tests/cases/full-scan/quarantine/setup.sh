. "$DIR/../lib.sh"
finger home/a.php; clean home/b.php; mkdir home/sub; cp home/a.php home/sub/
find home -type f | LC_ALL=C sort >stdin
