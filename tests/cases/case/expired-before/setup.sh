. "$DIR/../../react.sh"
disable bob --for 1h
"$BINARY" case --now @1795266000 list >/dev/null 2>&1
