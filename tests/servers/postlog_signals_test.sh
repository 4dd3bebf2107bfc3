#!/bin/sh
# postlog_signals_test.sh SPAMGEAR - the daemon's life: signals, the service manager, and what can be
# taken away from it while it runs (its log, its disk).
# shellcheck disable=SC2154,SC2317  # set, or called, by what is sourced
. "$(dirname "$0")/lib.sh"
. "$servers_dir/postlog_spam.sh"
mkdir log state
export SPAMGEAR_CONFIG="$work/postlog.conf"

configure() { # [LINE-OF-POSTLOG...]
    {
        printf '[postlog]\nlogs = %s\nstate = %s\nsocket = %s\n' \
            "$work/log/mail.log" "$work/state" "$work/state/socket"
        printf '%s\n' "$@"
    } >postlog.conf
}

told() { grep -q "$1" "${2:-daemon.err}"; }

# daemon [COMMAND... ] : begins it, with what stands before it; its process in $daemon
daemon() {
    : >daemon.err
    setsid "$@" "$spamgear" postlog >daemon.out 2>daemon.err &
    daemon=$!
    children="$daemon $children"
}

# ends NAME : it ends by itself, in good order
ends() {
    wait_for "the daemon to end" is_gone
    wait "$daemon"
    same "$1" 0 $?
}
is_gone() { [ ! -d "/proc/$daemon" ] || grep -q '^State:.Z' "/proc/$daemon/status"; }

# Processes that go by our configuration.
no_process_left() {
    for environ in /proc/[0-9]*/environ; do
        pid=${environ#/proc/}
        pid=${pid%/environ}
        grep -q -z -x "SPAMGEAR_CONFIG=$work/postlog.conf" "$environ" 2>/dev/null || continue
        [ "$(readlink "/proc/$pid/exe")" != "$spamgear" ] || return 1
    done
}

status() { timeout 20 "$spamgear" postlog status --format json; }
status_has() { status | grep -q "$1"; }

status_by_installed() { "$installed" postlog status >/dev/null 2>&1; }

service_manager() {
    start notified perl "$servers_dir/notify.pl" "$work/notify"
    wait_for "the service manager's socket" test -S notify
}

# --- once, and once more ---
configure
spam A0000000001 anna >log/mail.log
"$spamgear" postlog --once 2>once.err
same "--once" 0 $?
same "its row" A0000000001 "$(known)"
"$spamgear" postlog --once 2>once.err
same "once more" "0 A0000000001" "$? $(known)"

# --- the service manager ---
service_manager
daemon env NOTIFY_SOCKET="$work/notify" WATCHDOG_USEC=800000
wait_for "READY" told '^READY=1' notified
spam A0000000002 anna >>log/mail.log
wait_for "the second row" is_known "A0000000001 A0000000002"
wait_for "the watchdog to be fed" told '^WATCHDOG=1' notified

# Another daemon on the same state, and a command that wants to change it.
"$spamgear" postlog 2>second.err
same "a second daemon" 2 $?
same "it says why" 1 "$(grep -c state second.err)"

: >notified
kill -HUP "$daemon"
wait_for "RELOADING" told '^RELOADING=1 MONOTONIC_USEC=[0-9]' notified
wait_for "READY again" told 'READY=1' notified
spam A0000000003 anna >>log/mail.log
wait_for "the third row" is_known "A0000000001 A0000000002 A0000000003"

# A configuration with a mistake keeps what runs.
configure "no-such-key = 1"
kill -HUP "$daemon"
wait_for "the mistake to be told" told 'no-such-key'
spam A0000000004 anna >>log/mail.log
wait_for "the fourth row" is_known "A0000000001 A0000000002 A0000000003 A0000000004"

# Another log, with the next configuration.
configure "logs = $work/log/other.log"
spam B0000000001 berta >log/other.log
kill -HUP "$daemon"
wait_for "the other log's row" is_known "A0000000001 A0000000002 A0000000003 A0000000004 B0000000001"

kill -USR1 "$daemon"
wait_for "its state to be told" told 'other.log'

kill -TERM "$daemon"
ends "SIGTERM"
wait_for "STOPPING" told '^STOPPING=1' notified
wait_for "its other processes to end" no_process_left
same "nothing but the mistake was complained about" "" "$(grep -i -E 'sanitizer|runtime error' daemon.err)"
first="A0000000001 A0000000002 A0000000003 A0000000004 B0000000001"

# --- killed, and begun again ---
configure
daemon env
wait_for "it to follow" told started
spam A0000000005 anna >>log/mail.log
wait_for "the fifth row" is_known "$first A0000000005"
kill -KILL "$daemon"
wait "$daemon" 2>/dev/null
wait_for "its other processes to end" no_process_left
spam A0000000006 anna >>log/mail.log
daemon env
wait_for "the row of the time when it was down" is_known "$first A0000000005 A0000000006"
kill -TERM "$daemon"
ends "SIGTERM again"
wait_for "its other processes to end" no_process_left

# --- its log was rotated while it was down, and there is no new one yet: time passes all the same ---
configure "wait = 2sec"
first="$first A0000000005 A0000000006"
spam A0000000011 anna | sed '$d' >>log/mail.log # it stays in the queue
mv log/mail.log log/mail.log.1
daemon env
wait_for "the row after its wait" is_known "$first A0000000011"
kill -TERM "$daemon"
ends "SIGTERM without a log"
mv log/mail.log.1 log/mail.log
spam A0000000011 anna | tail -n 1 >>log/mail.log
configure
first="$first A0000000011"

# --- nobody reads what it says any more ---
mkfifo said
head -n 1 said >/dev/null &
# shellcheck disable=SC2016
daemon sh -c 'exec "$@" 2>said' sh
wait_for "it to follow" status_has '"live": *true'
spam A0000000007 anna >>log/mail.log
wait_for "the row" is_known "$first A0000000007"
kill -HUP "$daemon"
spam A0000000008 anna >>log/mail.log
wait_for "another row" is_known "$first A0000000007 A0000000008"
kill -TERM "$daemon"
ends "SIGTERM without a listener"

# --- its program is removed, and replaced ---
installed=$spamgear
cp "$installed" program
spamgear=$work/program
daemon env
wait_for "it to follow" told started
rm program
kill -HUP "$daemon"
wait_for "the removed one to go on" told 'reloading'
wait_for "it to follow" status_by_installed
cp "$installed" program
: >daemon.err
kill -HUP "$daemon"
runs_new() { [ "$(readlink "/proc/$daemon/exe")" = "$work/program" ]; }
wait_for "the new one to go on" runs_new
wait_for "it to follow" told started
kill -TERM "$daemon"
ends "SIGTERM of the new one"
spamgear=$installed

# --- the standard place of its socket, which nobody has made, and others' umask ---
configure
sed -i '/^socket/d' postlog.conf
sed -i "s|^state = .*|state = $work/made/here|" postlog.conf
# shellcheck disable=SC2016
daemon unshare -m sh -c 'umask 077 && mount -t tmpfs none /run && exec "$@"' sh
wait_for "the socket" test -S "/proc/$daemon/root/run/spamgear/postlog.sock"
same "folders are for everybody" "755 755" \
    "$(stat -c %a "/proc/$daemon/root/run/spamgear" "$work/made/here" | paste -sd ' ' -)"
spamgear_status=$(timeout 20 "$spamgear" postlog status --socket "$work/none" 2>/dev/null)
same "it runs, whatever its socket" "1 running, but it does not answer" \
    "$? $(echo "$spamgear_status" | head -n 1)"
kill -TERM "$daemon"
ends "SIGTERM there"
configure

# --- a state folder that is full, and not full any more ---
mkdir small
configure "log = $work/small/own.log" "[store]" "state = $work/small"
sed -i '/^state = .*state$/d' postlog.conf
# shellcheck disable=SC2016
daemon unshare -m sh -c 'mount -t tmpfs -o size=2m,mode=755 none "$1" && shift && exec "$@"' sh "$work/small"
wait_for "it to follow" told started
small() { nsenter -t "$daemon" -m "$rows" "$work/small" 2>/dev/null | grep -c ^spam; }
small_has() { [ "$(small)" = "$1" ]; }
wait_for "the rows of the log" small_has 9
: >"/proc/$daemon/root$work/small/own.log" # its next line needs a page
dd if=/dev/zero of="/proc/$daemon/root$work/small/filler" bs=4k 2>/dev/null
for n in 1 2 3; do
    spam C000000000$n carl
done >>log/mail.log
wait_for "the full disk to be told" told 'full'
wait_for "its log, which is full, to be told" told 'own.log: No space left'
spam C0000000004 carl >>log/mail.log
wait_for "lines to be read all the same" status_has '"spam": *13[,}]'
same "status says it" 1 "$(status >/dev/null; echo $?)"
same "what is on disk stays" 9 "$(small)"
rm "/proc/$daemon/root$work/small/filler"
wait_for "all rows" small_has 13
wait_for "the end of the trouble" status_has '"well": *true'
kill -TERM "$daemon"
ends "SIGTERM after that"

# --- not root: a state of its own, and a log that may be read, then not, then again ---
mkdir plain
chown nobody plain
chmod 755 log
chmod 644 log/*
cp "$installed" program
chmod 755 program
spamgear=$work/program
configure
sed -i "s|^state = .*|state = $work/plain|; s|^socket = .*|socket = $work/plain/socket|" postlog.conf
chmod 644 postlog.conf
all=$(sed -n 's/.*\]: \([A-C][0-9]*\): removed$/\1/p' log/mail.log | paste -sd ' ' -)
cp "$rows" rows
chmod 755 rows
as_nobody="setpriv --reuid=nobody --regid=nogroup --clear-groups"
rows="$as_nobody $work/rows" # root reads no database of somebody else
plain() { is_known "$1" plain; }
# shellcheck disable=SC2086
daemon $as_nobody
wait_for "the rows of the log, without root" plain "$all"
chmod 600 log/mail.log
spam A0000000009 anna >>log/mail.log
wait_for "what it may still read" plain "$all A0000000009"
kill -TERM "$daemon"
ends "SIGTERM without root"
spam A0000000010 anna >>log/mail.log
# shellcheck disable=SC2086
daemon $as_nobody
wait_for "the log that may not be read to be told" told 'mail.log: Permission denied'
chmod 644 log/mail.log
wait_for "the log that may be read again" plain "$all A0000000009 A0000000010"
kill -TERM "$daemon"
ends "SIGTERM of the last one"
same "without root all is its own" nobody "$(stat -c %U plain/postlog.db)"
spamgear=$installed

same "nothing wrong in memory" "" "$(grep -h -i -E 'sanitizer|runtime error' ./*.err)"
report
