. "$DIR/../make.sh"
mkfifo new/fingerprints.txt
