mkdir -m 700 store
: >r.db
cat >c.conf <<END
[store]
state = $PWD/store
url = sqlite:$PWD/r.db
END
