#!/bin/sh
# postlog_torture_test.sh SPAMGEAR - every line counted exactly once, whatever happens to log and
# daemon.
#
# postlog_writer logs as a busy mail server does, while the log is rotated in every way, and the
# daemon is killed in the middle of its work again and again. In the end its rows and counts are
# those of the truth. This is the short form; the whole one takes two minutes:
#     LINES=2000000 ROTATIONS=200 KILLS=50 sh tests/servers/postlog_torture_test.sh SPAMGEAR
. "$(dirname "$0")/lib.sh"
writer=$(dirname "$spamgear")/postlog_writer rows=$(dirname "$spamgear")/postlog_rows
rate=${RATE:-20000} lines=${LINES:-200000} rotations=${ROTATIONS:-40} kills=${KILLS:-10}
seed=${SEED:-$(date +%s)}

cat >torture.conf <<END
[postlog]
logs = $work/log/mail.log
state = $work/state
socket =
filter-relays = 127.0.0.1
[watch]
sources = postfix-spam-check
[postfix-spam-check]
logs = $work/log/mail.log
max-connections = 1000000000
END
mkdir log state

# However the test ends, no daemon stays behind.
daemon=
finish_all() {
    result=$?
    [ -z "$daemon" ] || kill -KILL "$daemon" 2>/dev/null
    (exit $result)
    finish
}
trap finish_all EXIT

# in the background, its process in $daemon
daemon_begin() {
    "$spamgear" postlog --config torture.conf >>daemon.out 2>&1 &
    daemon=$!
}

has_begun() { "$rows" state | grep -q ^spam; }

# Some of the kills hit it before it has begun, most in the middle.
kill_one() {
    daemon_begin
    sleep "$(awk -v n="$1" -v seed="$seed" 'BEGIN { srand(n + seed); printf "%.2f", 0.05 + rand() * 1.2 }')"
    kill -KILL "$daemon" 2>/dev/null
    wait "$daemon" 2>/dev/null
    same "killed, number $1" 137 $?
}

echo "seed $seed"
# What was rotated away before it was there at all is not its to read, nor before its first commit.
daemon_begin
wait_for "it to follow" grep -q started daemon.out
"$writer" log/mail.log truth "$rate" "$lines" "$rotations" "$seed" 2>writer.out &
writer_pid=$!
wait_for "the first commit" has_begun
kill -KILL "$daemon"
wait "$daemon" 2>/dev/null # or the next one finds its lock
number=0
while [ $number -lt "$kills" ] || kill -0 $writer_pid 2>/dev/null; do
    number=$((number + 1))
    kill_one $number
done
wait $writer_pid || give_up "the writer: $(cat writer.out)"
cat writer.out
timeout 120 "$spamgear" postlog --config torture.conf --once >>daemon.out 2>&1
same "the last run, which works through the rest" 0 $?
[ "$number" -ge "$kills" ] || give_up "only $number kills"

sort truth >known
"$rows" state | sort >counted
same "no row twice" "" "$(cut -f 1,2 counted | uniq -d)"
same "rows and counts, $(grep -c ^spam known) messages with a verdict" "" \
    "$(diff known counted | head -n 40)"
report
