. "$DIR/../../full-scan/lib.sh"
clean home/a
