. "$DIR/../../react.sh"
disable eve
dd if=/dev/zero of=state/spamgear.db bs=4096 seek=3 count=2 conv=notrunc 2>/dev/null
