. "$DIR/../../react.sh"
mkdir state
: >state/spamgear.db
chmod 666 state/spamgear.db
