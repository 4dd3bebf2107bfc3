. "$DIR/../../react.sh"
configure "exim-list command"
: >off.bob
disable bob
