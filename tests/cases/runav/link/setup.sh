. "$DIR/../../full-scan/lib.sh"
finger home/a; ln -s a home/link
