. "$DIR/../../react.sh"
configure "exim-list command"
: >broken
"$BINARY" account --now @1795262400 disable bob >/dev/null 2>&1
