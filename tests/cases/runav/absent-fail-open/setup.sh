. "$DIR/../../full-scan/lib.sh"
