#!/bin/sh
# sql_test.sh SPAMGEAR - MariaDB and PostgreSQL: prepared statements, and accounts that are disabled
# and enabled in them.
# shellcheck disable=SC2154,SC2317,SC2016  # set, or called, by what is sourced; $( is a name's
. "$(dirname "$0")/lib.sh"
programs=$(dirname "$spamgear")
. "$servers_dir/databases.sh"

# ask URL STATEMENT VALUE... : with the password
ask() {
    url=$1
    shift
    timeout 30 "$programs/sql_ask" "$url" "$work/password" 5000 "$@"
}

read -r port_maria port_pg <<END
$(free_ports 2)
END
postgres_make scram-sha-256
postgres_start
mariadb_make
mariadb_start
mariadb_do "CREATE DATABASE mail; CREATE USER 'ma/il'@'%' IDENTIFIED BY 'p\"w ''x';
    CREATE USER old@'%' IDENTIFIED BY ''; GRANT ALL ON mail.* TO 'ma/il'@'%', old@'%'"

hostile="z'\"\$(touch\${IFS}/x)\"'; DROP TABLE users; --"
for url in "mysql://ma%2Fil@127.0.0.1:$port_maria/mail" "mysql://ma%2Fil@/mail?socket=$work/maria/s" \
    "pgsql://mail@127.0.0.1:$port_pg/postgres"; do
    name=${url%%[0-9]*}
    ask "$url" 'DROP TABLE IF EXISTS users' >/dev/null
    same "$name makes" 'changed 0' "$(ask "$url" \
        'CREATE TABLE users(name VARCHAR(255) PRIMARY KEY, active INT, note TEXT)')"
    same "$name fills" 'changed 2' "$(ask "$url" \
        "INSERT INTO users VALUES('alice', 1, NULL), (?, 1, '?')" "$hostile")"
    same "$name finds" "changed 0 [$hostile] [1] [?]" "$(ask "$url" \
        'SELECT name, active, note FROM users WHERE name = ? -- really?' "$hostile")"
    same "$name NULL" "changed 0 [alice] [1] []" "$(ask "$url" \
        'SELECT name, active, note FROM users WHERE name = ?' alice)"
    same "$name no row" "changed 0" "$(ask "$url" 'SELECT 1 FROM users WHERE name = ?' nobody)"
    same "$name changes" "changed 1" "$(ask "$url" \
        'UPDATE users SET active = ? WHERE name = ?' 0 alice)"
    same "$name changes none" "changed 0" "$(ask "$url" \
        'UPDATE users SET active = 0 WHERE name = ?' nobody)"
    same "$name has many rows" "changed 0 [1]" "$(ask "$url" \
        'SELECT 1 FROM users AS a, users AS b')"
    same "$name as UTF-8" "changed 0 [jörg]" "$(ask "$url" \
        "SELECT ? FROM users LIMIT 1" jörg)"
    same "$name is told of a mistake" "failed" "$(ask "$url" 'SELECT nonsense FROM users' |
        cut -d: -f1)"
    same "$name is told of a long column" "failed: a column has more than 65536 bytes" \
        "$(ask "$url" "SELECT repeat('x', 70000)")"
    same "$name has 60000 bytes" 60013 "$(ask "$url" "SELECT repeat('x', 60000)" | wc -c)"
done

# What a server says must not show the password; and one that does not answer is given up.
echo wrongpassword >wrong
chmod 600 wrong
for url in "mysql://ma%2Fil@127.0.0.1:$port_maria/mail" "pgsql://mail@127.0.0.1:$port_pg/postgres"; do
    said=$("$programs/sql_ask" "$url" "$work/wrong" 5000 'SELECT 1')
    same "refused" "failed" "${said%%:*}"
    same "the password is not told" "" "$(echo "$said" | grep wrongpassword)"
done
same "the database is not there" "failed" "$("$programs/sql_ask" \
    "mysql://old@127.0.0.1:$port_maria/none" '' 5000 'SELECT 1' | cut -d: -f1)"
same "a statement that waits" "failed" "$("$programs/sql_ask" \
    "mysql://old@127.0.0.1:$port_maria/mail" '' 1000 'SELECT sleep(60)' | cut -d: -f1)"
same "a statement that waits here too" "failed: the PostgreSQL server: ERROR:  canceling statement due to statement timeout" \
    "$("$programs/sql_ask" "pgsql://mail@127.0.0.1:$port_pg/postgres" "$work/password" 1000 \
        'SELECT pg_sleep(60)')"

# step OPERATION NAME : one step of the method on $url
step() {
    timeout 60 "$programs/react_method" sql "$1" "$2" "$work/memo" "sql=$url" \
        "sql-password-file=$work/password" expires=1763793154 "reason=131 messages" \
        "sql-disable=UPDATE users SET active = 0, note = {reason} WHERE name = {name}" \
        "sql-enable=UPDATE users SET active = 1, note = NULL WHERE name = ?" \
        "sql-status=SELECT active = 0, name FROM users WHERE name = ?"
}
row() { ask "$url" 'SELECT active, note FROM users WHERE name = ?' "$1"; }

for url in "mysql://ma%2Fil@127.0.0.1:$port_maria/mail" "pgsql://mail@127.0.0.1:$port_pg/postgres"; do
    name=${url%%:*}
    ask "$url" 'DELETE FROM users' >/dev/null
    ask "$url" "INSERT INTO users VALUES('alice', 1, NULL), ('alice2', 1, NULL), (?, 1, NULL)" \
        "$hostile" >/dev/null
    same "$name is complete" complete "$(step check -)"
    same "$name: nobody" "refused: the database has no account of this name" "$(step plan nobody)"
    for user in alice "$hostile"; do
        same "$name: plan" "needed: disable $user in the database" "$(step plan "$user")"
        same "$name: off" off "$(step look "$user")"
        same "$name: apply" "done" "$(step apply "$user")"
        same "$name: apply again" "done" "$(step apply "$user")"
        same "$name: on" on "$(step look "$user")"
        same "$name: row" "changed 0 [0] [131 messages]" "$(row "$user")"
        same "$name: another one stays" "changed 0 [1] []" "$(row alice2)"
        same "$name: in force" "in force: disable $user in the database" "$(step plan "$user")"
        same "$name: undo" undone "$(step undo "$user")"
        same "$name: undo again" undone "$(step undo "$user")"
        same "$name: off again" off "$(step look "$user")"
        same "$name: row again" "changed 0 [1] []" "$(row "$user")"
    done
done
url="mysql://ma%2Fil@127.0.0.1:$port_maria/mail"
same "MariaDB would take another one" "refused: the database has no account of exactly this name" \
    "$(step plan ALICE)"
stop_all
same "no server" "refused" "$(step plan alice | cut -d: -f1)"
same "no server to look" "untold" "$(step look alice | cut -d: -f1)"
report
