. "$DIR/../../react.sh"
disable bob
