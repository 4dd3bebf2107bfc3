. "$DIR/../../react.sh"
configure "exim-list command"
disable bob
rm off.bob
