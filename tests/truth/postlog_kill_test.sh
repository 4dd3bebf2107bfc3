#!/bin/sh
# The daemon, killed at each of the calls by which it changes its state, one after another, and
# refused by the disk: its rows and counts are those of a run that nothing happened to.
#   sh tests/truth/postlog_kill_test.sh SPAMGEAR
#
# The log grows by a portion a run. It is known by two names, and rotated now and then. SEED and
# STEP choose another log, and how many calls lie between two kills.
set -u
bin=$(dirname "$(readlink -f "$1")")
cd "$(dirname "$0")/../.." || exit 2
tools=$PWD/tests/tools
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
[ -x "$bin/spamgear_killed" ] || { echo "$bin/spamgear_killed is not there"; exit 1; }
export TZ=UTC SPAMGEAR_NOW SPAMGEAR_CALL SPAMGEAR_CALLS="$work/calls"
seed=${SEED:-$(date +%s)} step=${STEP:-2} portions=12 failed=0

wrong() { echo "$*"; failed=1; }

# configuration FOLDER NAME : the log under this name
configuration() {
    cat >"$1/$2.conf" <<END
[postlog]
logs = $work/$1/$2.log
filter-relays = 127.0.0.1
state = $work/$1/state
socket =
[watch]
sources = postfix-spam-check
[postfix-spam-check]
logs = $work/$1/$2.log
max-connections = 1000000000
END
}

folder() {
    mkdir "$1" "$1/state"
    ln -s mail.log "$1/link.log"
    configuration "$1" mail
    configuration "$1" link
}

# run FOLDER NAME CALL : once; the status is that of spamgear
run() {
    SPAMGEAR_CALL=$3
    "$bin/spamgear_killed" postlog --config "$1/$2.conf" --once >>"$1/out" 2>&1
}

# The time of a portion's last line.
time_of() { date -d "$(tail -n 1 "$1" | cut -d ' ' -f 1)" +%s; }

rotate() {
    [ ! -e "$1/mail.log.1" ] || mv "$1/mail.log.1" "$1/mail.log.2"
    mv "$1/mail.log" "$1/mail.log.1"
}

python3 "$tools/mail_threads.py" --messages 300 --seed "$seed" --spam 0.4 --stamp rfc3339 \
    --start "$(date -d '-1 hour' '+%F %T')" >log || exit 2
split -n l/$portions -d log part. || exit 2
folder smooth
folder killed

call=1 killed=0 refused=0 number=0 way=before
for part in part.*; do
    number=$((number + 1))
    SPAMGEAR_NOW=$(time_of "$part")
    for to in smooth killed; do
        [ $((number % 5)) -ne 4 ] || rotate $to
        cat "$part" >>$to/mail.log
    done
    run smooth mail none: || wrong "portion $number: status $?"
    # A portion is worked through until nothing is left to do.
    while :; do
        name=mail
        [ $((call % 7)) -ne 0 ] || name="link"
        run killed "$name" "$way:$call" 2>/dev/null
        status=$?
        [ $status -ne 137 ] || killed=$((killed + 1))
        [ $status -ne 2 ] || refused=$((refused + 1))
        [ $status = 0 ] || [ $status = 137 ] || [ "$way:$status" = fail:2 ] ||
            { wrong "portion $number, $way call $call: status $status"; break; }
        call=$((call + step))
        [ $status -ne 0 ] || break
    done
    if [ "$call" -gt "$(cat calls)" ]; then
        call=$((1 + (call + number) % step))
        case $way in before) way=after ;; after) way=fail ;; *) way=before ;; esac
    fi
done
SPAMGEAR_NOW=$((SPAMGEAR_NOW + 3600))
run smooth mail none: || wrong "the end: status $?"
run killed mail none: || wrong "the end of the killed one: status $?"

"$bin/postlog_rows" smooth/state | sort >want
"$bin/postlog_rows" killed/state | sort >got
echo "seed $seed: killed $killed times, refused $refused times, $(grep -c ^spam want) rows"
[ $killed -gt 10 ] || wrong "too few kills"
{ grep -q '^spam' want && grep -q '^sasl' want; } || wrong "nothing to tell"
cmp -s got want || { wrong "what there is (<) and what should be (>):"; diff got want | head -n 40; }
[ $failed = 0 ] || tail -n 20 killed/out

# A replay that was killed goes on behind the rows it has left, and then it is done.
replay() {
    "$bin/spamgear_killed" postlog --config smooth/mail.conf --state "$work/old" --replay log \
        -v 0 >>old.out 2>&1
}
replay || wrong "replay: status $?"
"$bin/postlog_rows" "$work/old" >want
python3 -c 'import sqlite3, sys
with sqlite3.connect(sys.argv[1]) as db:
    db.execute("DELETE FROM spam WHERE number NOT IN (SELECT number FROM spam ORDER BY number LIMIT 7)")
    db.execute("UPDATE mark SET mark = 7")' old/postlog.db || wrong "cannot cut the rows"
[ "$("$bin/postlog_rows" "$work/old" | wc -l)" = 7 ] || wrong "the rows are not cut"
replay || wrong "replay again: status $?"
"$bin/postlog_rows" "$work/old" >got
cmp -s got want || wrong "a replay that was killed: $(diff got want | head -n 20)"
replay
[ $? = 2 ] || wrong "a replay that is done: status $?"
exit $failed
