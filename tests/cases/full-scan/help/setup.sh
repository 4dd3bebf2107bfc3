. "$DIR/../lib.sh"
