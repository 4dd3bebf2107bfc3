. "$DIR/../lib.sh"
finger home/a.php; echo nonsense >allow
