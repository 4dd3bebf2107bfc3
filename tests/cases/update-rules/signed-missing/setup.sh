. "$DIR/../make.sh"
lines 10 0 >new/fingerprints.txt
