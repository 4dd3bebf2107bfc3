mkdir -m 700 store
printf '[store]\nstate = %s/store\nurl = sqlite:%s/r.db\n' "$PWD" "$PWD" >i.conf
$BINARY store --config i.conf init --with-spammers >/dev/null
cat >c.conf <<END
[store]
state = $PWD/store
url = sqlite:$PWD/r.db
query = INSERT INTO spammers(client, created, spam_victims_score) VALUES('?f', ?t, ?s), ('what? ?c', ?t, ?s)
END
