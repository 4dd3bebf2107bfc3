. "$DIR/../../full-scan/lib.sh"
clean home/a; echo home/a >stdin
