. "$DIR/../lib.sh"
printf 'home/none\nhome/non\377e\n' >stdin
