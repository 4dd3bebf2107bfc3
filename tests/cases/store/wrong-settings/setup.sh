mkdir -m 700 store

cat >c.conf <<END
[store]
state = $PWD/store
url = postgres:nowhere
query = INSERT INTO t VALUES(?x)
password-file = none
[fleet]
node = "two words"
END
