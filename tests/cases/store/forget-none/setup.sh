mkdir -m 700 store

cat >c.conf <<END
[store]
state = $PWD/store

END
