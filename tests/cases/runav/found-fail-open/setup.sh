. "$DIR/../../full-scan/lib.sh"
finger home/a
