. "$DIR/../lib.sh"
finger home/a.php; clean home/b.php; clean home/c.txt; mkfifo home/pipe
