#!/bin/sh
# What one database carries: 10 nodes, each with its own embedded database and feeder as in the
# daemon, that write and read counts and spam events at once, at the pace of the default settings; on
# MariaDB and PostgreSQL of tests/servers, which survive a power cut (every commit is synced).
#
#   sh tests/bench/fleet.sh SPAMGEAR BUILD-FOLDER
#
# SPAMGEAR is the binary as it is shipped; BUILD-FOLDER holds feed, without sanitizers.
#   NODES=10   SECONDS_EACH=20   RATES="100 300 1000 2000"   SPAM=10   EVENTS=200000   KINDS="mysql pgsql"
#
# One event is one message of one sender. The worst case: the same senders send on all nodes, each
# another one's message every second, so every event changes a row of its own. RATES are events a
# second on each node, SPAM of them spam. "Age" is how old the other nodes' counts were, from the
# moment when a message is counted: median, 99 of 100, worst. Afterwards the sums are compared with
# what was sent. Nothing passes or fails here.
# shellcheck disable=SC2034,SC2154  # set, or used, by what is sourced
set -u
[ $# -ge 2 ] || { sed -n '2,17s/^# \{0,1\}//p' "$0" >&2; exit 2; }
here=$(dirname "$(readlink -f "$0")")
feed=$(readlink -f "$2/feed")
servers_dir=$here/../servers
. "$servers_dir/lib.sh"
. "$servers_dir/databases.sh"
nodes=${NODES:-10} seconds=${SECONDS_EACH:-20} events=${EVENTS:-200000} spam=${SPAM:-10}
safe=1

# The spool is filled first, while the database seems to be down.
bench_one() {
    rm -rf state
    mkdir -m 700 state
    printf 'spam %s\n' "$events" |
        "$feed" "$work/state" "${url%%@*}@127.0.0.1:1/none" '' '' node1 0 >feed.out 2>&1
    begun=$(date +%s%3N)
    echo 'wait 600' | "$feed" "$work/state" "$url" '' '' node1 0 10000 >feed.out 2>feed.err
    took=$(($(date +%s%3N) - begun))
    echo "$kind: one node: $((events * 1000 / took)) spam events a second ($(cat feed.err))"
}

# rate EVENTS : on each node
bench_fleet() {
    do_sql 'DELETE FROM spamgear_flow' && do_sql 'DELETE FROM spamgear_spam'
    pids=
    for n in $(seq "$nodes"); do
        rm -rf "node$n"
        mkdir -m 700 "node$n"
        printf 'load %s %s %s\nages\nwait 120\n' "$1" "$seconds" "$spam" |
            FEED_POLL=1000 FEED_COMMIT=500 FEED_QUIET=1 "$feed" "$work/node$n" "$url" '' '' "node$n" \
                1 10000 >"node$n.out" 2>&1 &
        pids="$pids $!"
    done
    # shellcheck disable=SC2086  # words
    wait $pids
    cat node*.out | awk -v nodes="$nodes" -v rate="$1" -v kind="$kind" '
        /^load:/ { sent += $2; if ($5 > took) took = $5 }
        /^ages:/ { heard += $2; median += $3; if ($4 > most) most = $4; if ($5 > worst) worst = $5 }
        /^trouble:/ { trouble++ }
        END { printf "%s: %d nodes: %d events a second; age %d, %d, %d ms (%d heard), %d troubles\n",
            kind, nodes, sent * 1000 / took, median / nodes, most, worst, heard, trouble }'
    sums=$(do_sql "SELECT SUM(messages) FROM spamgear_flow WHERE name LIKE 'user%'")
    rows=$(do_sql 'SELECT count(*) FROM spamgear_spam')
    echo "$kind:   stored: $sums of $((nodes * $1 * seconds)) events, $rows of \
$((nodes * spam * seconds)) spam events; load $(cut -d ' ' -f 1 /proc/loadavg)"
}

databases_start
for kind in ${KINDS:-mysql pgsql}; do
    eval "url=\$url_$kind"
    config "$url"
    mkdir -p -m 700 state
    "$spamgear" store --config store.conf init >/dev/null 2>&1 || give_up "init"
    [ "$events" = 0 ] || bench_one
    for rate in ${RATES:-100 300 1000 2000}; do
        bench_fleet "$rate"
    done
done
