. "$DIR/../../react.sh"
disable bob --for 1h
disable eve --for 2h
