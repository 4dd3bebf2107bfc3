. "$DIR/../../react.sh"
: >state
