. "$DIR/../../react.sh"
disable bob
disable bobby
