. "$DIR/../lib.sh"
tables
