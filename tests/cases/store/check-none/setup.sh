. "$DIR/../lib.sh"
: >r.db
beside
