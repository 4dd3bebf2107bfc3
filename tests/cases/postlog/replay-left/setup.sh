# Two that killed runs have left, and what is none.
sed -i "s|= state|= $PWD/state|" spamgear.conf
mkdir state state/replay state/replay/other
chmod 700 state/replay
for left in spamgear.AAAAAA spamgear.bbbbbb; do
    mkdir -m 700 "state/replay/$left"
    echo rows >"state/replay/$left/postlog.db"
done
: >state/replay/spamgear.AAAAAA/postlog.lock
echo stays >state/replay/other/file
