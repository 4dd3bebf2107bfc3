. "$DIR/../../react.sh"
configure "exim-list command"
disable bob --for 1h
: >broken
