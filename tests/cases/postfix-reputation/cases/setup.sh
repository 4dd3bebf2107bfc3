. "$DIR/../../react.sh"
disable bob@example.net
