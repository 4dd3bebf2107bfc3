. "$DIR/../make.sh"
lines 10 0 >new/real
ln -s real new/fingerprints.txt
