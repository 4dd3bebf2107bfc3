. "$DIR/../../react.sh"
disable bob --reason "too much mail"
disable eve@example.com --reason "asked for it"
"$BINARY" account --now @1795264000 enable bob >/dev/null
