. "$DIR/../lib.sh"
finger home/a.php; rule home/b.php; sha256sum home/a.php >allow
