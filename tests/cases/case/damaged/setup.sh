. "$DIR/../../react.sh"
disable bob --reason "too much mail"
disable eve@example.com --reason "asked for it"
dd if=/dev/zero of=state/spamgear.db bs=4096 seek=1 count=3 conv=notrunc 2>/dev/null
