#!/bin/sh
# store_network_test.sh SPAMGEAR - spam events and counts while the network to a real MariaDB and
# PostgreSQL is slow, is cut, or stands still for one node alone; and while the database's disk is
# full. Both databases at the same time, since most of it is waiting.
# shellcheck disable=SC2154,SC2317  # set, or called, by what is sourced
[ -n "${APART:-}" ] || exec unshare -m env APART=1 sh "$0" "$@" # small disks are mounted
. "$(dirname "$0")/lib.sh"
. "$servers_dir/databases.sh"
feed=$(dirname "$spamgear")/feed
profile=postfix-spam-check
kinds=${KINDS:-mysql pgsql}

near_mysql="" near_pgsql=""
# each COMMAND... : for both databases
each() {
    for kind in $kinds; do
        eval "url=\$url_$kind near=\$near_$kind a=\$a_$kind b=\$b_$kind c=\$c_$kind"
        "$@"
    done
}
a_mysql=3 b_mysql=4 c_mysql=5 a_pgsql=6 b_pgsql=7 c_pgsql=8 # descriptors of the nodes' orders

network() { echo "$*" >"network-$kind"; }
order() { # NODE ORDER...
    eval "descriptor=\$$1"
    shift
    echo "$*" >&"$descriptor"
}
node_begin() { # NODE URL
    node=$1-$kind
    rm -rf "$node" "$node.orders"
    mkdir -m 700 "$node"
    mkfifo "$node.orders"
    start "$node.out" sh -c 'exec "$@" <"$0"' "$node.orders" "$feed" "$work/$node" "$2" '' '' "$1" 1 1000
    eval "exec $(eval echo "\$$1")>$node.orders"
}
node_end() { eval "exec $(eval echo "\$$1")>&-"; }

heard() { grep -q "$2" "$1-$kind.out"; }
hear() {
    wait_for "\"$2\" of $1 ($kind)" heard "$1" "$2"
    passed=$((passed + 1))
}
rows() { do_sql 'SELECT count(*), count(DISTINCT queue_id) FROM spamgear_spam' | tr '\t' ' '; }
rows_are() { [ "$(rows)" = "$1" ]; }
each_once() { # WHAT ROWS DISTINCT
    wait_for "$1 ($kind)" rows_are "$2 $3"
    passed=$((passed + 1))
}

proxy_begin() {
    network pass
    eval "port=\$proxy_$kind"
    server=${url##*127.0.0.1:}
    start "proxy-$kind.out" perl "$servers_dir/proxy.pl" "$port" "${server%%/*}" "$work/network-$kind"
    eval "near_$kind=\${url%%@*}@127.0.0.1:$port/\${url##*/}"
    wait_for "the proxy" listens 127.0.0.1 "$port"
    config "$url"
    "$spamgear" store --config store.conf init >/dev/null 2>&1 || give_up "init"
}

same_told() { same "$1 ($kind)" "$2" "$(grep -c "$3" "a-$kind.out")"; }

mkdir -p small-mysql small-pgsql
mkdir -m 700 state
databases_start
read -r proxy_mysql proxy_pgsql <<END
$(free_ports 2)
END
each proxy_begin

# --- slow: 40 ms there, and back -------------------------------------------------------------
each network delay 40
near() { node_begin "$1" "$near"; }
each near a
each order a spam 3000
each each_once "slow" 3000 3000
each same_told "slow: no trouble" 0 trouble

# --- cut in the middle of what is sent, again and again --------------------------------------
total=3000
for bytes in 10 700 90000 151000; do
    each network "cut $bytes"
    each order a spam 1500
    total=$((total + 1500))
    sleep 0.5
done
each network pass
each order a wait 20
each hear a complete
each each_once "cut" $total $total

# --- a cable is pulled: one node stands alone, the others go on -----------------------------
far() { node_begin "$1" "$url"; }
each far b
each far c
each order a "count $profile bob 0 5"
each hear c "bucket $profile 0 bob 5"
each network hold
for n in b c; do each order $n spam 40; done
each order a spam 60 # Q1 to Q40 of b and c have the same names
each order a "count $profile bob 0 7"
each order b "count $profile bob 0 3"
each hear c "bucket $profile 0 bob 8"
each hear a 'trouble: .*60 rows wait here'
each each_once "the others go on" $((total + 80)) $total
each same_told "it knows nothing of it" 0 'bob 3'
each network pass
each hear a 'tell: the database is back'
each hear a "bucket $profile 0 bob 3"
each hear c "bucket $profile 0 bob 10"
each each_once "all rows" $((total + 140)) $((total + 60))
for n in a b c; do each node_end $n; done

# --- the disk of the table of rows is full ---------------------------------------------------
move_rows() {
    small=$work/small-$kind
    mount -t tmpfs -o size=8m,mode=0755 none "$small" || give_up "no small disk"
    mkdir -m 700 "$small/d"
    chown nobody "$small/d"
    do_sql 'DELETE FROM spamgear_spam'
    if [ "$kind" = mysql ]; then
        made=$(do_sql 'SHOW CREATE TABLE spamgear_spam' | cut -f 2 | sed 's/\\n/ /g')
        do_sql "DROP TABLE spamgear_spam; $made DATA DIRECTORY='$small/d'"
    else
        do_sql 'TRUNCATE spamgear_spam'
        do_sql "CREATE TABLESPACE small LOCATION '$small/d'"
        do_sql 'ALTER TABLE spamgear_spam SET TABLESPACE small'
    fi
    dd if=/dev/zero of="$small/filler" bs=4k 2>/dev/null
}
empty_disk() {
    rm "$work/small-$kind/filler"
    mount -o remount,size=80m "$work/small-$kind"
}
each move_rows
each far a
each order a spam 5000
each hear a 'trouble: .*\(full\|No space\).*rows wait here'
each order a spam 10
each empty_disk
each order a wait 20
each hear a complete
each each_once "full" 5010 5010
each node_end a
stop_all
umount -l small-mysql small-pgsql 2>/dev/null
report
