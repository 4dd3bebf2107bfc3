#!/bin/sh
# kill_test.sh SPAMGEAR UNQUIET - scans that are killed, stopped, doubled, and whose workers die.
# Nothing is lost: each file is in its place or in the quarantine, and comes back exactly.
# shellcheck disable=SC2154,SC2317  # set, or called, by what is sourced
. "$(dirname "$0")/lib.sh"

count=40
make_home() { # every content once
    fresh
    mkdir home/a home/b
    i=0
    while [ $i -lt $count ]; do
        i=$((i + 1))
        folder=a
        [ $((i % 3)) -gt 0 ] || folder=b
        printf '<?php\n// CASE-FINGERPRINT-ALPHA number %s\n' $i >home/$folder/shell$i.php
    done
    sums >all
}
sums() { (cd home && find . -type f -exec sha256sum {} + | LC_ALL=C sort); }
hashes() { sed 's/ .*//' "$@" | sort -u; }

# state_of STATE: hash and path of the cases in this state, each once
state_of() {
    vault_json 2>>settled | sed -n 's/.*"state":"'"$1"'".*"path":"\([^"]*\)".*"sha256":"\([^"]*\)".*/\2 \1/p' | sort -u
}

# nothing_lost NAME: every content is in home or in a case that says so, and a case that says taken
# tells the truth
nothing_lost() {
    sums >there
    state_of taken >gone
    same "$1: nothing is lost" "$(hashes all)" "$(cat there gone | hashes)"
    same "$1: nothing that was taken is there" "" "$(hashes there | grep -Ff - gone | head -n 3)"
    same "$1: no case is half done" "" "$(state_of begun)"
    # What a killed run left is told once, by the next one; it may have had no quarantine yet.
    same "$1: complaints" "" "$(grep -v -e ' a run that was taking .* ended too early: ' \
        -e ': nothing was ever taken into it' -e '/vault: No such file or directory$' settled)"
    : >settled
}

all_come_back() { # NAME
    scan -q "$work/vault" home
    same "$1: the next run takes the rest" "0" "$(find home -type f | wc -l)"
    nothing_lost "$1, then all"
    same "$1: put back" "" "$(restore_all 2>&1)"
    same "$1: exactly" "$(cat all)" "$(sums)"
}

has_taken() { [ "$(grep -c QUARANTINED out 2>/dev/null)" -ge "$1" ]; }

# --- killed ---------------------------------------------------------------------------

make_home
before=$(date +%s%N)
scan -j 2 -q "$work/vault" home
whole=$((($(date +%s%N) - before) / 1000000)) # milliseconds that it takes
restore_all >/dev/null
make_home
for round in 1 2 3 4 5 6 7 8; do
    begin -j 2 -q "$work/vault" home
    sleep "$(perl -e 'printf "%.3f", rand(shift) / 1000' $whole)"
    workers=$(workers_of "$begun")
    kill -KILL "$begun" 2>/dev/null
    wait "$begun" 2>/dev/null
    nothing_lost "killed, round $round"
    for worker in $workers; do
        workers_end=no
        tries=100
        while [ $tries -gt 0 ] && lives "$worker"; do sleep 0.02 && tries=$((tries - 1)); done
        [ $tries -gt 0 ] && workers_end=yes
        same "killed, round $round: its workers end" yes $workers_end
    done
    [ "$(find home -type f | wc -l)" -gt 0 ] || make_home
done
all_come_back killed

# --- stopped in good order ------------------------------------------------------------

count=120
for name in INT TERM HUP; do
    make_home
    : >out
    # sh starts what runs in the background with SIGINT ignored; perl takes that back.
    perl -e '$SIG{INT} = "DEFAULT"; exec @ARGV' "$spamgear" full-scan --signatures "$work/sig" \
        --clamav off --no-cache -j 1 -q "$work/vault" home >out 2>err &
    begun=$!
    perl -e 'for (1 .. 5000) { exit if -s "out"; select undef, undef, undef, 0.001 }'
    kill -$name "$begun"
    ends 20
    same "SIG$name: status and words" "2 1" \
        "$status $(grep -c '^full-scan: stopped by a signal: not everything was examined$' err)"
    nothing_lost "SIG$name"
    same "SIG$name: all that was taken was told" "$(state_of taken | wc -l)" "$(grep -c QUARANTINED out)"
    same "SIG$name: nothing is left half done" "0" "$(state_of kept | wc -l)"
    holds "SIG$name: it did stop" test "$(find home -type f | wc -l)" -gt 0
done
all_come_back stopped

# While it waits for paths; and what came before is answered although the list goes on.
fresh
rm -f list
mkfifo list
finger home/a.php
exec 3<>list
begin -q "$work/vault" <list 3>&-
echo home/a.php >&3
wait_for "an answer while the list goes on" has_taken 1
kill -TERM "$begun"
ends 5
exec 3>&-
same "stopped while it waits for paths" "2 1" "$status $(grep -c QUARANTINED out)"

clean home/b.php
exec 3<>list
{ "$spamgear" php-shell-detector --signatures "$work/sig" --no-cache <&4 4<&- 3>&- >out 2>err & } 4<list
begun=$!
children=$begun
for path in home/b.php home/b.php; do
    : >seen
    echo $path >&3
done
answered() { [ "$(grep -c 'home/b.php' out)" -ge 2 ]; }
wait_for "a filter's answers, path by path" answered
exec 3>&-
ends 5
same "a filter ends with its list" "0" "$status"

# --- workers die ----------------------------------------------------------------------

# The sanitizers' own handlers would speak of what is done on purpose.
ASAN_OPTIONS="${ASAN_OPTIONS:-}:handle_segv=0:handle_abort=0:handle_sigbus=0"
export ASAN_OPTIONS

make_samples() {
    fresh
    i=0
    while [ $i -lt 60 ]; do
        i=$((i + 1))
        clean home/clean$i.php
        printf '<?php // CASE-FINGERPRINT-ALPHA %s\n' $i >home/shell$i.php
        if [ $((i % 10)) = 0 ]; then head -c 3000000 /dev/zero >>home/shell$i.php; fi
    done
}

# kill_one SIGNAL: the first of the workers
kill_one() {
    # shellcheck disable=SC2046  # a list of numbers
    set -- "$1" $(workers_of "$begun")
    [ $# -ge 2 ] && kill "-$1" "$2" 2>/dev/null
}

# kill_workers SIGNAL: one of them, again and again, until the scan ends. Two that did nothing are
# followed by one that is let live until something is told: after three, the scan rightly gives up.
kill_workers() {
    turns=0 idle=0 before=
    while lives "$begun" && [ $turns -lt 400 ]; do
        turns=$((turns + 1))
        so_far=$(cat out err | wc -l)
        [ "$so_far" = "$before" ] || idle=0
        before=$so_far
        [ $idle -ge 2 ] || ! kill_one "$1" || idle=$((idle + 1))
        sleep 0.02
    done
}

# The leak checker's helper is a child too, and would be killed with the workers.
export ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0"
# judge NAME: what was begun ends, and every shell is found, or told to be unknown
judge() {
    ends 30
    told=$(sed 's/ \[.*//' out | sort -u | wc -l)
    unknown=$(sed -n 's/^full-scan: \(home[^:]*\): .*/\1/p' err | sort -u)
    unknown_shells=$(printf '%s' "$unknown" | grep -c shell)
    want=1
    [ -z "$unknown" ] || want=2
    same "workers get SIG$1: every shell is found or unknown" "60" $((told + unknown_shells))
    [ $((told + unknown_shells)) = 60 ] || tail -n 5 err
    same "workers get SIG$1: status" "$want" "$status"
    same "workers get SIG$1: no clean file is found" "0" "$(grep -c home/clean out)"
}

# The list waits until all workers are ready: a scan does not begin with one that dies before.
are_ready() { grep -q 'in force in the workers' err; }
for name in SEGV KILL ABRT BUS; do
    make_samples
    rm -f list
    mkfifo list
    exec 3<>list
    begin -v -j 2 <list 3>&-
    echo home/shell1.php >&3
    wait_for "workers" are_ready
    find home -type f ! -name shell1.php >&3
    kill_one $name
    exec 3>&-
    kill_workers $name
    judge $name
done

# The list waits, so that the workers are there to be stopped.
make_samples
rm -f list
mkfifo list
exec 3<>list
begin -j 2 --time-limit 1 <list 3>&-
ls -d home/shell1.php home/shell2.php >&3
wait_for "workers" has_workers 2
# shellcheck disable=SC2046  # a list of numbers
signal STOP $(workers_of "$begun")
find home -type f ! -name shell1.php ! -name shell2.php >&3
exec 3>&-
judge STOP
holds "stopped workers: told" grep -q 'took longer than 1 s' err

# All workers of all times die at once: it ends, and says so.
make_samples
begin -j 2 -q "$work/vault" home
turns=0
while lives "$begun" && [ $turns -lt 1000 ]; do
    turns=$((turns + 1))
    # shellcheck disable=SC2046  # a list of numbers
    signal SEGV $(workers_of "$begun")
done
ends 30
holds "no worker ever lives: it ends" test "$status" -le 2
told=$(grep -c QUARANTINED out)
same "no worker ever lives: nothing is lost" 60 $((told + $(find home -name 'shell*' | wc -l)))

# --- two at once ----------------------------------------------------------------------

count=40
make_home
pids=
for one in 1 2 3; do
    "$spamgear" full-scan --signatures "$work/sig" --clamav off --cache "$work/cache$one" \
        -j 1 -q "$work/vault" home >out$one 2>err$one &
    pids="$pids $!"
    children="$! $children"
done
statuses=
for pid in $pids; do
    wait "$pid"
    statuses="$statuses $?"
done
children=
nothing_lost "three at once"
same "three at once: each file is taken once" "$count" "$(state_of taken | wc -l)"
same "three at once: each is told once" "$count" "$(cat out1 out2 out3 | grep -c QUARANTINED)"
same "three at once: nothing is left" "0" "$(find home -type f | wc -l)"
same "three at once: no sanitizer spoke" "" "$(cat err1 err2 err3 | grep Sanitizer)"
case $statuses in *[3-9]*) bad "three at once" "statuses$statuses" ;; *) good ;; esac
restore_all >/dev/null
same "three at once: all comes back" "$(cat all)" "$(sums)"

fresh
for i in 1 2 3 4 5 6 7 8 9; do clean home/c$i.php; done
finger home/shell.php
pids=
for one in 1 2 3 4; do
    "$spamgear" full-scan --signatures "$work/sig" --clamav off --cache "$work/cache" home >out$one 2>err$one &
    pids="$pids $!"
done
for pid in $pids; do
    wait "$pid"
    same "four with one verdict cache" 1 $?
done
same "four with one verdict cache: all find it" 4 "$(cat out1 out2 out3 out4 | grep -c shell.php)"
same "four with one verdict cache: no complaints" "" "$(cat err1 err2 err3 err4 | grep -v 'TOTAL TIME\|^$')"

report
