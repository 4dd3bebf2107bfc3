#!/bin/sh
# fleet_test.sh SPAMGEAR - two nodes on one MariaDB and one PostgreSQL: sums over both, how old they
# are, who of them reacts, and a node that is cut off for a while.
# shellcheck disable=SC2154  # set by what is sourced
. "$(dirname "$0")/lib.sh"
. "$servers_dir/databases.sh"
feed=$(dirname "$spamgear")/feed
ask=$(dirname "$spamgear")/fleet_ask
profile=postfix-spam-check

# node_begin NAME DESCRIPTOR : poll every 200 ms
node_begin() {
    rm -rf "$1" "$1.orders"
    mkdir -m 700 "$1"
    mkfifo "$1.orders"
    start "$1.out" sh -c 'exec "$@" <"$0"' "$1.orders" "$feed" "$work/$1" "$url" '' '' "$1" 1 2000
    eval "exec $2>$1.orders"
}

knows() { grep -q "^bucket $profile 0 $2 $3\$" "$1.out"; }
rows_are() { [ "$(do_sql 'SELECT count(*) FROM spamgear_flow')" -ge "$1" ]; }

test_sums() {
    FEED_MINUTE=$(($(date +%s) / 60))
    export FEED_MINUTE
    node_begin a 5
    node_begin b 6
    node_begin c 8
    echo "count $profile bob@example.org 0 7" >&5
    echo "count $profile bob@example.org 0 5" >&6
    echo "count $profile j%20rg 0 3" >&5
    for n in 5 6 8; do echo "sleep 3000" >&$n; done
    wait_for "the sum at c" knows c bob@example.org 12
    wait_for "the other's at a" knows a bob@example.org 5
    wait_for "the other's at b" knows b bob@example.org 7
    wait_for "a strange name" knows c j%20rg 3
    passed=$((passed + 4))
    echo "count $profile bob@example.org 0 9" >&5
    for n in 5 6 8; do echo "sleep 3000" >&$n; done
    wait_for "the change at c" knows c bob@example.org 14
    passed=$((passed + 1))
    same "$kind: asked" "14 14" "$("$ask" "$url" x ask $profile bob@example.org 0)"
    echo "count $profile mal@example.org 0 7" >&5
    echo "count $profile mal@example.org 0 5 4" >&6
    for n in 5 6 8; do echo "sleep 3000" >&$n; done
    wait_for "both" knows c mal@example.org 12
    same "$kind: all" "12 12" "$("$ask" "$url" x ask $profile mal@example.org 0)"
    same "$kind: of who vouches" "7 7" "$("$ask" "$url" x vouched $profile mal@example.org 0)"
    same "$kind: without itself" "5 5" "$("$ask" "$url" a ask $profile bob@example.org 0)"
    same "$kind: of another time" "0 0" "$("$ask" "$url" a ask $profile bob@example.org 99999999999)"
}

# Many of them, each second; how old they are is told by tests/bench/fleet.sh.
test_many() {
    echo 'load 2000 2' >&5
    wait_for "the last of many" grep -q "^bucket $profile 0 user1999@example.net [12]\$" b.out
    wait_for "all of them" knows_many
    same "$kind: nothing went wrong" "" "$(grep -h 'ended\|trouble' a.out b.out c.out)"
}
knows_many() { [ "$(grep -c "^bucket $profile 0 user[0-9]*@" c.out)" -ge 2000 ]; }

# The database is away; own counts go on, and are there afterwards.
test_cut_off() {
    kill_database
    echo "count $profile bob@example.org 0 20" >&5
    echo "count $profile eve@example.org 0 4" >&6
    for n in 5 6 8; do echo "sleep 3000" >&$n; done
    start_database
    for n in 5 6 8; do echo "sleep 6000" >&$n; done
    wait_for "the sum at c" knows c bob@example.org 25
    wait_for "what is new at a" knows a eve@example.org 4
    passed=$((passed + 2))
    for n in 5 6 8; do eval "exec $n>&-"; done
}

test_networks() {
    "$ask" "$url" a tell $profile bob 192.0.2.0/24 'a net'
    "$ask" "$url" b tell $profile bob 192.0.2.0/24 198.51.100.0/24
    "$ask" "$url" b tell $profile bob 192.0.2.0/24
    same "$kind: networks" "0 0
192.0.2.0/24
198.51.100.0/24
a net" "$("$ask" "$url" c ask $profile bob 0 | sed 's/ a net/ a_net/; s/^0 0/0_0/' | tr ' ' '\n' |
        tr '_' ' ' | sort -u)"
    same "$kind: without own" "0 0 192.0.2.0/24" "$("$ask" "$url" b ask $profile bob 0 |
        sed 's/ a net//')"
}

# claim_both SENDERS : each of so many is claimed by two nodes at the same moment; the file claims
# then holds what both were told.
claim_both() {
    i=0
    : >claims
    while [ $i -lt "$1" ]; do
        "$ask" "$url" a claim $profile "user$i" 1 >claim.a 2>&1 &
        one=$!
        "$ask" "$url" b claim $profile "user$i" 1 >claim.b 2>&1 &
        wait $one $!
        sort claim.a claim.b | tr '\n' ' ' >>claims
        echo >>claims
        i=$((i + 1))
    done
}

# Of two that claim at the same moment one wins, 100 times.
test_claims() {
    claim_both 100
    same "$kind: one of two" "100 0 1 " "$(sort claims | uniq -c | sed 's/^ *//')"
    # The same moment for both, as an old claim is taken over.
    "$ask" "$url" a claim $profile old 1 >/dev/null
    do_sql 'UPDATE spamgear_claim SET claimed = 5, confirmed = 1'
    claim_both 30
    same "$kind: one of two takes over" "30 0 1 " "$(sort claims | uniq -c | sed 's/^ *//')"
    same "$kind: first" 1 "$("$ask" "$url" a claim $profile eve 1)"
    same "$kind: again, unconfirmed" 1 "$("$ask" "$url" a claim $profile eve 1)"
    same "$kind: another one" 0 "$("$ask" "$url" b claim $profile eve 1)"
    "$ask" "$url" a confirm $profile eve
    same "$kind: confirmed" 0 "$("$ask" "$url" b claim $profile eve 1)"
    same "$kind: again, whose own cases decide" 1 "$("$ask" "$url" a claim $profile eve 1)"
    "$ask" "$url" a release $profile eve 0
    same "$kind: nothing was done" 1 "$("$ask" "$url" b claim $profile eve 1)"
    "$ask" "$url" b confirm $profile eve
    "$ask" "$url" b release $profile eve 7
    same "$kind: let go" 7 "$("$ask" "$url" a past $profile eve)"
    same "$kind: who was let go" 1 "$("$ask" "$url" a claim $profile eve 1)"
    do_sql "UPDATE spamgear_claim SET confirmed = 0, claimed = claimed - 61000 WHERE name = 'eve'"
    same "$kind: never confirmed" 1 "$("$ask" "$url" b claim $profile eve 1)"
    "$ask" "$url" b confirm $profile eve
    same "$kind: of an earlier time" 1 "$("$ask" "$url" a claim $profile eve 99999999999)"
}

databases_start
for kind in ${KINDS:-mysql pgsql}; do
    eval "url=\$url_$kind"
    mkdir -p state
    chmod 700 state
    config "$url"
    "$spamgear" store --config store.conf init >/dev/null 2>&1 || give_up "init"
    test_claims
    test_networks
    test_sums
    test_many
    test_cut_off
done
report
