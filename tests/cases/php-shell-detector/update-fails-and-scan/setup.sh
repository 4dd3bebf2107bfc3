. "$DIR/../updates.sh"
rm new/fingerprints.txt
