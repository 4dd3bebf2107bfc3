. "$DIR/../../react.sh"
disable bob@example.net
"$BINARY" account --now @1795262500 enable bob@example.net >/dev/null
disable eve
