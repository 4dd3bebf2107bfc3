. "$DIR/../lib.sh"
beside
