#!/bin/sh
# policy.sh - how many answers a second the policy service gives, and how long one takes while a log of
# Postfix is parsed and counted in the same thread.
#
#   sh tests/bench/policy.sh SPAMGEAR BUILD-FOLDER
#
# SPAMGEAR is the binary as it is shipped; BUILD-FOLDER, of a build without sanitizers, holds
# policy_server, policy_ask and mail_log_gen.
#   RUNS=5   runs, in turns     SECONDS_EACH=3    LINES=50000   of the log in a second
#   RATE=2000   questions a second of the runs in which waiting is measured
#   NICE=0      of daemons and whoever asks: below 0 on a machine where others work, too
#
# Each daemon is one thread. "One after another" is one connection that asks as soon as it is
# answered. "At their time" are RATE questions a second over 16 connections; waiting for a free one
# counts, too. The first is the daemon as it is shipped: all that postlog does with a log that grows by
# so many lines a second, joined with verdicts, counted by [watch], and written down; the second only
# the service with the parser beside it. The peer is postfwd where it is installed, and always a daemon in Python that only
# counts (policy_peer.py), without a log to read. "cpu" is the processor time that the daemon had for
# an answer, whatever else the machine did; of the run with a log, the log is in it. Medians. Nothing
# passes or fails here.
# shellcheck disable=SC2154 # set by lib.sh
set -u
[ $# -ge 2 ] || { sed -n '2,23s/^# \{0,1\}//p' "$0" >&2; exit 2; }
here=$(dirname "$(readlink -f "$0")")
tools=$(readlink -f "$2")
servers_dir=$here/../servers
# shellcheck source=../servers/lib.sh
. "$servers_dir/lib.sh"
runs=${RUNS:-5} each=${SECONDS_EACH:-3} lines=${LINES:-50000} rate=${RATE:-2000}
nice=${NICE:-0}

"$tools/mail_log_gen" -f postfix -s 50M -p 3600 -e "$(date +%s)" -t truth >mail.log ||
    give_up "mail_log_gen"

ask() { nice -n "$nice" "$tools/policy_ask" -n "$each" "$@"; }
answers() { ask -n 0 "$1" >/dev/null 2>&1; }

# ticks GROUP : processor time of a process group so far
ticks() {
    cat /proc/[0-9]*/stat 2>/dev/null | awk -v group="$1" '
        { sub(/^.*\) /, "") }
        $3 == group { ticks += $12 + $13 }
        END { print ticks + 0 }'
}

# run NAME PLACE COMMAND... : the daemon is started, asked in both ways, and ended
run() {
    name=$1
    place=$2
    shift 2
    start "$name.out" nice -n "$nice" "$@"
    wait_for "$name" answers "$place"
    before=$(ticks "$started")
    ask "$place" >answer
    after=$(ticks "$started")
    awk -v ticks=$((after - before)) -v hz="$(getconf CLK_TCK)" -v each="$each" \
        '{ printf "%s %.1f\n", $0, ticks / hz * 1000000 / ($1 * each) }' answer >>"$name.fast"
    ask -c 16 -r "$rate" "$place" >>"$name.due"
    [ "$name" != postlog ] || awk -v read="$(lines_read)" -v begun="$begun" -v now="$(date +%s%N)" \
        'BEGIN { printf "%d\n", read / (now - begun) * 1e9 }' >>taken
    stop "$started"
    cat "$name.out" >>"$name.said"
}

median() { # FILE COLUMN
    awk -v column="$2" '{ print $column }' "$1" | sort -n |
        awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

row() { # NAME TEXT
    printf '%-34s' "$2"
    for column in 1 2 3 5; do
        printf ' %9s' "$(median "$1.fast" $column)"
    done
    printf '  '
    for column in 1 2 3; do
        printf ' %9s' "$(median "$1.due" $column)"
    done
    echo
}

# The shipped daemon, and what writes its log: so many lines of mail.log in each 50 ms.
cat >postlog.conf <<END
[postlog]
logs = $work/growing.log
state = $work/state
socket = $work/status.sock
verbosity = 3
[react]
state = $work/state
[watch]
sources = postfix-spam-check
[postfix-spam-check]
logs = $work/growing.log
max-connections = 1000000
[policy]
listen = unix:$work/postlog.sock
messages = 1000000000
recipients = 1000000000
END
cat >grow.py <<'END'
import itertools, sys, time
log, grown, lines = sys.argv[1], sys.argv[2], int(sys.argv[3])
with open(log, "rb") as file:
    source = itertools.cycle(file.readlines())
begun, done = time.monotonic(), 0
with open(grown, "ab") as out:
    while True:
        due = int((time.monotonic() - begun) * lines)
        out.write(b"".join(itertools.islice(source, due - done)))
        out.flush()
        done = due
        time.sleep(0.05)
END
lines_read() { "$spamgear" postlog status --config postlog.conf --format json | sed 's/.*"lines":\([0-9]*\).*/\1/'; }
run_daemon() {
    : >growing.log
    rm -rf state
    start writer python3 grow.py mail.log growing.log "$lines"
    writer=$started
    begun=$(date +%s%N)
    run postlog "$work/postlog.sock" "$spamgear" postlog --config postlog.conf
    stop "$writer"
}

for _ in $(seq "$runs"); do
    run_daemon
    run log "$work/log.sock" "$tools/policy_server" "$work/log.sock" "" 1000000000 1000000000 \
        "DEFER_IF_PERMIT later" "" "$work/mail.log" "$lines"
    run alone "$work/alone.sock" "$tools/policy_server" "$work/alone.sock" "" 1000000000 \
        1000000000 "DEFER_IF_PERMIT later" ""
    run python "$work/python.sock" python3 "$here/policy_peer.py" "$work/python.sock"
    if command -v postfwd >/dev/null; then
        port=$(free_ports 1)
        run postfwd "127.0.0.1:$port" postfwd --nodaemon --interface=127.0.0.1 --port="$port" \
            --rule='id=R; sasl_username=~.; action=rate(sasl_username/1000000000/3600/REJECT)'
    fi
done

echo "$(nproc) processors, medians of $runs runs of $each s"
printf '%-34s %39s   %29s\n' "" "one after another" "$rate a second, at their time"
printf '%-34s %9s %9s %9s %9s   %9s %9s %9s\n' "" answers/s "p50 us" "p99 us" "cpu us" answers/s \
    "p50 us" "p99 us"
row postlog "postlog, $lines log lines a second"
row log "service only, $lines log lines a second"
row alone "service only, no log"
row python "Python, counting only, no log"
[ ! -e postfwd.fast ] || row postfwd "postfwd, no log"
echo "log lines a second that were really taken: by postlog $(sort -n taken | head -1), else $(sed -n 's/^#.* \([0-9]*\) lines a second$/\1/p' \
    log.said | sort -n | head -1) at least"
awk -v ours="$(median log.fast 1)" -v peer="$(median python.fast 1)" -v p99="$(median log.due 3)" \
    -v peer99="$(median python.due 3)" 'BEGIN {
    printf "with the log: %.1f times the answers of Python without one; p99 is %.2f of its\n",
        ours / peer, p99 / peer99
}'
