mkdir -m 700 store
cat >c.conf <<END
[store]
state = $PWD/store
url = sqlite:$PWD/r.db
END
flock store/postlog.lock sh -c ': >held; sleep 3' >/dev/null 2>&1 </dev/null &
while [ ! -e held ]; do sleep 0.05; done
