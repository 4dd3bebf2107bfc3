. "$DIR/../lib.sh"
configure
