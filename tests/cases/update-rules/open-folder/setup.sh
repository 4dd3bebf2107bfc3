. "$DIR/../make.sh"
lines 10 0 >new/fingerprints.txt
mkdir signatures
chmod 777 signatures
