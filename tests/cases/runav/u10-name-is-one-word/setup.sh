. "$DIR/../../full-scan/lib.sh"
finger 'home/two words $(touch pwned);.php'
