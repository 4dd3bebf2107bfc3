. "$DIR/../lib.sh"
finger home/a.php; rm -r sig
