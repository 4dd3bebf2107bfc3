. "$DIR/../../react.sh"
disable bob --reason "too much mail"
disable eve@example.com --reason "asked for it"
"$BINARY" case --now @1795264000 undo 1 >/dev/null
