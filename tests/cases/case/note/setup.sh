. "$DIR/../../react.sh"
disable bob --reason "too much mail"
disable eve@example.com --reason "asked for it"
