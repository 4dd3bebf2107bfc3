# databases.sh - MariaDB and PostgreSQL on loopback; sourced after lib.sh.
#
# mariadb_start and postgres_start want $port_maria and $port_pg (free_ports). Both run as nobody, below
# $work/maria and $work/pg. MariaDB's root has no password; PostgreSQL's user is mail, and his password,
# which is hard to quote, stands in $work/password.
#
# shellcheck shell=sh disable=SC2034,SC2154

postgres=$cache/usr/lib/postgresql/15/bin

as_nobody() {
    setpriv --reuid=nobody --regid=nogroup --clear-groups \
        env LD_LIBRARY_PATH="$cache/usr/lib/x86_64-linux-gnu" "$@"
}

mariadb_options() {
    echo "--no-defaults --basedir=$cache/usr --datadir=$work/maria" \
        "--lc-messages-dir=$cache/usr/share/mysql" \
        "--character-sets-dir=$cache/usr/share/mysql/charsets"
}

mariadb_start() {
    mkdir maria
    chown nobody maria
    # shellcheck disable=SC2046  # words
    as_nobody "$cache/usr/bin/mariadb-install-db" $(mariadb_options) \
        --auth-root-authentication-method=normal --skip-test-db --skip-name-resolve \
        >maria.out 2>&1 || give_up "mariadb-install-db"
    # shellcheck disable=SC2046
    start maria.out setpriv --reuid=nobody --regid=nogroup --clear-groups \
        env LD_LIBRARY_PATH="$cache/usr/lib/x86_64-linux-gnu" \
        "$cache/usr/sbin/mariadbd" $(mariadb_options) --plugin-dir="$cache/usr/lib/mysql/plugin" \
        --socket="$work/maria/s" --pid-file="$work/maria/pid" --bind-address=127.0.0.1 \
        --port="$port_maria" --tmpdir="$work/maria" --innodb-buffer-pool-size=16M
    wait_for MariaDB mariadb_do 'SELECT 1'
}

mariadb_do() {
    env LD_LIBRARY_PATH="$cache/usr/lib/x86_64-linux-gnu" "$cache/usr/bin/mariadb" --no-defaults \
        -uroot -S "$work/maria/s" -e "$1"
}

postgres_start() {
    [ -n "$postgres" ] || give_up "PostgreSQL is not installed"
    mkdir pg
    chown nobody pg
    echo 'p"w '"'"'x' >password
    chmod 644 password
    as_nobody "$postgres/initdb" -D "$work/pg/db" -U mail -A scram-sha-256 --pwfile="$work/password" \
        --no-sync >pg.out 2>&1 || give_up "initdb"
    start pg.out setpriv --reuid=nobody --regid=nogroup --clear-groups \
        "$postgres/postgres" -D "$work/pg/db" -k "$work/pg" -p "$port_pg" -h 127.0.0.1 -F
    chmod 600 password
    wait_for PostgreSQL postgres_is_up
}

postgres_is_up() { "$postgres/pg_isready" -q -h 127.0.0.1 -p "$port_pg"; }
