mkdir -m 700 store
printf '[store]\nstate = %s/store\nurl = sqlite:%s/r.db\n' "$PWD" "$PWD" >i.conf
$BINARY store --config i.conf init --with-spammers >/dev/null
cat >c.conf <<END
[store]
state = $PWD/store
url = sqlite:$PWD/r.db
END
