#!/bin/sh
# What one database carries: spam events a second from one node, and changes of a fleet's counts
# from 10 nodes at once, on MariaDB and PostgreSQL of tests/servers.
#
#   sh tests/bench/fleet.sh SPAMGEAR BUILD-FOLDER
#
# SPAMGEAR is the binary as it is shipped; BUILD-FOLDER holds feed and fleet_ask, without
# sanitizers.
#   NODES=10   SENDERS=500   ROUNDS=40   EVENTS=200000
#
# Each node writes the changed counts of its senders, as its feeder does once a second; here without
# a pause, so the sum of all is the capacity. Nothing passes or fails here.
# shellcheck disable=SC2034,SC2154  # set, or used, by what is sourced
set -u
[ $# -ge 2 ] || { sed -n '2,14s/^# \{0,1\}//p' "$0" >&2; exit 2; }
here=$(dirname "$(readlink -f "$0")")
feed=$(readlink -f "$2/feed") ask=$(readlink -f "$2/fleet_ask")
servers_dir=$here/../servers
. "$servers_dir/lib.sh"
. "$servers_dir/databases.sh"
nodes=${NODES:-10} senders=${SENDERS:-500} rounds=${ROUNDS:-40} events=${EVENTS:-200000}

databases_start
for kind in mysql pgsql; do
    eval "url=\$url_$kind"
    rm -rf state
    mkdir -m 700 state
    config "$url"
    "$spamgear" store --config store.conf init >/dev/null 2>&1 || give_up "init"
    rm -rf state
    mkdir -m 700 state
    # The spool is filled first, while the database seems to be down.
    printf 'spam %s\n' "$events" | "$feed" "$work/state" "${url%%@*}@127.0.0.1:1/none" '' '' node1 0 >feed.out 2>&1
    begun=$(date +%s%3N)
    echo 'wait 600' | "$feed" "$work/state" "$url" '' '' node1 0 10000 >feed.out 2>feed.err
    took=$(($(date +%s%3N) - begun))
    echo "$kind: $((events * 1000 / took)) spam events a second ($(cat feed.err))"
    n=0
    pids=
    begun=$(date +%s%3N)
    while [ $n -lt "$nodes" ]; do
        n=$((n + 1))
        "$ask" "$url" "node$n" flow postfix-spam-check "$senders" "$rounds" >"flow.$n" &
        pids="$pids $!"
    done
    # shellcheck disable=SC2086  # words
    wait $pids
    took=$(($(date +%s%3N) - begun))
    echo "$kind: $nodes nodes: $((nodes * senders * rounds * 1000 / took)) counts a second"
done
