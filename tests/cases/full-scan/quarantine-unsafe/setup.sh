. "$DIR/../lib.sh"
finger home/a.php; mkdir open; chmod 777 open
