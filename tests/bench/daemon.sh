#!/bin/sh
# Speed and memory of the daemon: a mail log into SQLite and MariaDB, against rsyslog; then policy.sh.
#
#   sh tests/bench/daemon.sh SPAMGEAR BUILD-FOLDER
#
# SPAMGEAR is the binary as it is shipped (not one with sanitizers); BUILD-FOLDER, without sanitizers,
# holds timeit, postlog_rows, feed, and what policy.sh needs.
#   SIZE=1000      MB of the log             RUNS=3    runs of each command, in turns
#   EVENTS=200000  spam events for MariaDB   ONLY=replay|memory|mariadb|policy
#
# The log is that of mail_threads.py: Postfix with amavis, spamd and rspamd, a tenth of the messages
# bad. Replay is `postlog --once` with a fresh state, all of it on one core; what it wrote is compared
# with the truth first. rsyslogd reads a tenth of the same log (imfile) and writes it again (omfile) on
# one core as well, from its start to its last byte, as does the daemon beside it. Memory is the largest
# of any process of the run. Medians, with a warm cache. Nothing passes or fails here.
# shellcheck disable=SC2034,SC2154  # set, or used, by what is sourced
set -u
[ $# -ge 2 ] || { sed -n '2,17s/^# \{0,1\}//p' "$0" >&2; exit 2; }
here=$(dirname "$(readlink -f "$0")")
build=$(readlink -f "$2")
servers_dir=$here/../servers
. "$servers_dir/lib.sh"
. "$servers_dir/databases.sh"
size=${SIZE:-1000} runs=${RUNS:-3} events=${EVENTS:-200000} only=${ONLY:-}
rate=20 a_megabyte=558 # messages

wanted() { [ -z "$only" ] || [ "$only" = "$1" ]; }

# configure LOG [LINE-OF-STORE...] : LOG.conf
configure() {
    followed=$1
    shift
    printf '[postlog]\nlogs = %s\nstate = %s\nsocket =\nfilter-relays = 127.0.0.1\n[store]\n' \
        "$work/$followed" "$work/state" >"$followed.conf"
    printf '%s\n' "$@" >>"$followed.conf"
}

# A part of the log for each processor, one behind the other in time; the last one ends now.
make_log() {
    parts=$(nproc) part=0 writers=
    span=$((size * a_megabyte / rate / parts))
    while [ $part -lt "$parts" ]; do
        begins=$(date -d "@$(($(date +%s) - 600 - span * (parts - part)))" '+%F %T')
        python3 "$here/../tools/mail_threads.py" --messages $((size * a_megabyte / parts)) \
            --seed $((part + 1)) --rate $rate --start "$begins" --truth "truth.$part" >"log.$part" &
        writers="$writers $!"
        part=$((part + 1))
    done
    for writer in $writers; do
        wait "$writer" || give_up "mail_threads.py"
    done
    cat log.* >mail.log
    awk -F '\t' '{ print $1, $2, $4, $3, $7 }' truth.* | sort >truth
    rm log.* truth.*
    head -c "$((size * 100000))" mail.log | sed '$d' >tenth.log # whole lines: rsyslog waits for the rest
    head -c "$((size * 10000))" mail.log | sed '$d' >hundredth.log
    for log in mail.log tenth.log hundredth.log; do
        configure "$log"
    done
    echo "mail.log: $(megabytes mail.log) MB, $(wc -l <mail.log) lines, $(wc -l <truth) spam messages"
}
megabytes() { awk -v bytes="$(stat -c %s "$1")" 'BEGIN { printf "%.1f", bytes / 1000000 }'; }

cat >replay.sh <<'END'
rm -rf "$2/state"
exec taskset -c 0 "$1" postlog --config "$2/$3.conf" --once -v 3
END
cat >rsyslog.sh <<'END'
rm -f "$1/copy" "$1"/imfile-state*
taskset -c 0 "$2" -n -f "$1/rsyslog.conf" -i "$1/rsyslog.pid" -M "$3" &
want=$(stat -c %s "$1/tenth.log")
tries=6000
while [ "$(stat -c %s "$1/copy" 2>/dev/null || echo 0)" -lt "$want" ] && [ $tries -gt 0 ]; do
    sleep 0.05
    tries=$((tries - 1))
done
kill $!
wait
[ $tries -gt 0 ] || exit 2
END
rsyslog_configure() {
    cat >rsyslog.conf <<END
global(workDirectory="$work" maxMessageSize="8k")
module(load="imfile" mode="inotify")
template(name="raw" type="string" string="%msg%\n")
input(type="imfile" File="$work/tenth.log" Tag="x" addMetadata="off")
*.* action(type="omfile" file="$work/copy" template="raw")
END
}

# timed LOG ARGUMENT... : timeit's table, and MB of this log a second of each row
timed() {
    of=$(megabytes "$1")
    shift
    "$build/timeit" -n "$runs" "$@" | awk -v mb="$of" '{ print }
        { for (i = 1; i < NF; i++) if ($(i + 1) == "ms") printf "      %.0f MB a second, %.0f of processor time\n",
            mb / $i * 1000, mb / $(i + 2) * 1000 }'
}
replayed() { echo "sh replay.sh $spamgear $work $1"; }

right_rows() {
    sh replay.sh "$spamgear" "$work" mail.log || give_up "replay"
    "$build/postlog_rows" state | awk -F '\t' '$1 == "spam" { print $2, $3, $4, $5, $6 }' | sort >got
    cmp -s truth got || give_up "not the truth: $(diff truth got | grep -c '^[<>]') rows"
    echo "rows: as in the truth"
}

# shellcheck disable=SC2046  # words
replay() {
    right_rows
    echo "all of it, into SQLite (goal 200 MB a second, 100 MB of memory):"
    timed mail.log spamgear $(replayed mail.log) -- grep-c taskset -c 0 grep -c xyzzy mail.log
    rsyslog_configure
    echo "a tenth of it:"
    timed tenth.log spamgear $(replayed tenth.log) -- rsyslog sh rsyslog.sh "$work" \
        "$cache/usr/sbin/rsyslogd" "$(echo "$cache"/usr/lib/*/rsyslog)"
}

# shellcheck disable=SC2046  # words
memory() {
    echo "memory, by length of the log:"
    for log in hundredth.log tenth.log mail.log; do
        "$build/timeit" -n 1 "$(megabytes $log)-MB" $(replayed $log)
    done
}

# What waits in the spool is taken by the database as fast as it can; then a replay into it.
mariadb() {
    databases_start
    kind=mysql
    echo "MariaDB (goal 20000 a second):"
    run=0
    while [ $run -lt "$runs" ]; do
        rm -rf state
        [ $run = 0 ] || do_sql 'DELETE FROM spamgear_spam'
        mkdir -m 700 state
        printf 'spam %s\n' "$events" |
            "$build/feed" state "mysql://mail@127.0.0.1:1/none" '' '' node 0 >feed.out 2>&1
        config "$url_mysql"
        "$spamgear" store --config store.conf init >init.out 2>&1 || give_up "init: $(cat init.out)"
        echo 'wait 600' | "$build/feed" state "$url_mysql" '' '' node 0 10000 >feed.out 2>feed.err
        [ "$(do_sql 'SELECT COUNT(*) FROM spamgear_spam')" = "$events" ] || give_up "rows: $(cat feed.out)"
        awk -v events="$events" '/^waited/ { printf "%.0f\n", events / $2 * 1000 }' feed.err
        run=$((run + 1))
    done >rates
    sort -n rates | awk '{ v[NR] = $1 } END { print "  " v[int((NR + 1) / 2)] " spam events a second" }'
    configure tenth.log "url = $url_mysql"
    echo "a tenth of the log, into SQLite and MariaDB:"
    timed tenth.log spamgear sh replay.sh "$spamgear" "$work" tenth.log
    stop_all
}

echo "$(nproc) processors, medians of $runs runs"
if wanted replay || wanted memory || wanted mariadb; then make_log; fi
if wanted replay; then replay; fi
if wanted memory; then memory; fi
if wanted mariadb; then mariadb; fi
if wanted policy; then
    RUNS=$runs sh "$here/policy.sh" "$spamgear" "$build"
fi
