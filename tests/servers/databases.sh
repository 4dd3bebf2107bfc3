# databases.sh - MariaDB and PostgreSQL for the tests of the store; sourced behind lib.sh. Both run
# as nobody in folders below $work, and can be stopped, killed and started again on the same data.
# With safe=1 they survive a power cut, with tls=1 (and tls_make before) they can encrypt.
# shellcheck shell=sh disable=SC2034,SC2046,SC2119,SC2120,SC2154
postgres=$cache/usr/lib/postgresql/15/bin

as_nobody() {
    setpriv --reuid=nobody --regid=nogroup --clear-groups \
        env LD_LIBRARY_PATH="$cache/usr/lib/x86_64-linux-gnu" "$@"
}

# A certificate for 127.0.0.1, which is its own authority, and another one.
tls_make() {
    mkdir tls
    for name in crt other; do
        openssl req -x509 -newkey rsa:2048 -nodes -keyout "tls/$([ $name = crt ] && echo key || echo k2)" \
            -out tls/$name -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 -days 30 \
            2>openssl.out || give_up openssl
    done
    chmod 711 tls
    chown nobody tls/key
    chmod 600 tls/key
}

mariadb_options() {
    echo "--no-defaults --basedir=$cache/usr --datadir=$work/maria" \
        "--lc-messages-dir=$cache/usr/share/mysql" \
        "--character-sets-dir=$cache/usr/share/mysql/charsets"
}

mariadb_make() {
    mkdir maria
    chown nobody maria
    as_nobody "$cache/usr/bin/mariadb-install-db" $(mariadb_options) \
        --auth-root-authentication-method=normal --skip-test-db --skip-name-resolve \
        >maria.out 2>&1 || give_up "mariadb-install-db"
}

mariadb_start() {
    start maria.out setpriv --reuid=nobody --regid=nogroup --clear-groups \
        env LD_LIBRARY_PATH="$cache/usr/lib/x86_64-linux-gnu" \
        "$cache/usr/sbin/mariadbd" $(mariadb_options) --plugin-dir="$cache/usr/lib/mysql/plugin" \
        --socket="$work/maria/s" --pid-file="$work/maria/pid" --bind-address=127.0.0.1 \
        --port="$port_maria" --tmpdir="$work/maria" --innodb-buffer-pool-size=64M \
        --innodb-flush-log-at-trx-commit="${safe:-2}" \
        ${tls:+--ssl-cert="$work/tls/crt" --ssl-key="$work/tls/key"}
    maria=$started
    wait_for MariaDB mariadb_do 'SELECT 1'
}

mariadb_do() {
    env LD_LIBRARY_PATH="$cache/usr/lib/x86_64-linux-gnu" "$cache/usr/bin/mariadb" --no-defaults \
        -uroot -S "$work/maria/s" --batch --skip-column-names -e "$1"
}

# postgres_make [scram-sha-256] : whether its user, mail, needs a password. That is hard to quote, and
# stands in $work/password.
postgres_make() {
    mkdir pg
    chown nobody pg
    echo 'p"w '"'"'x' >password
    chmod 644 password
    as_nobody "$postgres/initdb" -D "$work/pg/db" -U mail -A "${1:-trust}" \
        --pwfile="$work/password" --no-sync >pg.out 2>&1 || give_up "initdb"
    chmod 600 password
}

postgres_start() {
    start pg.out setpriv --reuid=nobody --regid=nogroup --clear-groups \
        "$postgres/postgres" -D "$work/pg/db" -k "$work/pg" -p "$port_pg" -h 127.0.0.1 \
        -c fsync="$([ -n "${safe:-}" ] && echo on || echo off)" ${tls:+-c ssl=on -c ssl_cert_file="$work/tls/crt"} \
        ${tls:+-c ssl_key_file="$work/tls/key"}
    pg=$started
    wait_for PostgreSQL postgres_do 'SELECT 1'
}

postgres_do() {
    PGPASSWORD=$(cat "$work/password") \
        "$postgres/psql" -X -q -A -t -F "$(printf '\t')" -h 127.0.0.1 -p "$port_pg" -U mail -d postgres \
        -c "$1"
}

# do_sql STATEMENT : in the database of $kind
do_sql() { if [ "$kind" = mysql ]; then mariadb_do "USE mail; $1"; else postgres_do "$1"; fi; }

# die SERVER: as after a power failure
die() {
    kill -KILL "-$1" 2>/dev/null
    wait "$1" 2>/dev/null
    tries=50
    while [ $tries -gt 0 ] && lives "$1"; do
        sleep 0.1
        tries=$((tries - 1))
    done
}

postgres_children() {
    cat /proc/[0-9]*/stat 2>/dev/null | awk -v parent="$(head -n 1 pg/db/postmaster.pid)" '
        { pid = $1; sub(/^.*\) /, ""); if ($2 == parent) print pid }'
}

kill_database() {
    if [ "$kind" = mysql ]; then
        die "$maria"
    else
        # Its processes are leaders of sessions of their own.
        backends=$(postgres_children)
        die "$pg"
        # shellcheck disable=SC2086  # words
        kill -KILL $backends 2>/dev/null
        rm -f pg/db/postmaster.pid pg/.s.*
    fi
}
start_database() { if [ "$kind" = mysql ]; then mariadb_start; else postgres_start; fi; }

# pause_database STOP|CONT: it is there and does not answer
pause_database() {
    if [ "$kind" = mysql ]; then
        kill "-$1" "$(cat maria/pid)"
    else
        # shellcheck disable=SC2046  # words
        kill "-$1" $(postgres_children) "$(head -n 1 pg/db/postmaster.pid)"
    fi
}

databases_start() {
    read -r port_maria port_pg <<END
$(free_ports 2)
END
    mariadb_make
    postgres_make trust
    mariadb_start
    postgres_start
    mariadb_do "CREATE DATABASE mail CHARACTER SET utf8mb4; CREATE USER mail@'%' IDENTIFIED BY '';
        GRANT ALL ON mail.* TO mail@'%'"
    url_mysql="mysql://mail@127.0.0.1:$port_maria/mail"
    url_pgsql="pgsql://mail@127.0.0.1:$port_pg/postgres"
}

# config URL [LINE...] : for spamgear store
config() {
    {
        echo "[store]"
        echo "state = $work/state"
        echo "url = $1"
        shift
        printf '%s\n' "$@"
    } >store.conf
}
