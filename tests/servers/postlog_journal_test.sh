#!/bin/sh
# postlog_journal_test.sh SPAMGEAR - the daemon follows a journal: each entry counts once, whatever
# happens to the daemon, and nobody forges one.
# shellcheck disable=SC2154,SC2317  # set, or called, by what is sourced
. "$(dirname "$0")/lib.sh"
. "$servers_dir/postlog_spam.sh"
mkdir j state
export SPAMGEAR_CONFIG="$work/postlog.conf"
printf '[postlog]\njournal-dir = %s\nstate = %s\nsocket = %s\n' \
    "$work/j" "$work/state" "$work/state/socket" >postlog.conf

entries=0
# journal FILE UID EXE UNIT <LINES : they become entries
journal() {
    entries=$((entries + 1000)) # of one machine, which was not started anew between them
    perl "$servers_dir/export.pl" "$2" "$3" "$4" |
        perl -pe 's/^(__MONOTONIC_TIMESTAMP=)(\d+)/$1 . ($2 + '$entries')/e;
            s/^(__REALTIME_TIMESTAMP=)(\d+)/$1 . ($2 + '$entries')/e' >export.txt
    timeout 30 "$cache/lib/systemd/systemd-journal-remote" -o "$work/j/$1.journal" export.txt \
        >journal.out 2>&1 || give_up "systemd-journal-remote"
}
# mail ID USER : all of it, as Postfix writes it, and rspamd where there is no syslog
mail() {
    spam "$1" "$2" >lines
    grep -m 2 postfix/ lines >accepted
    sed -n 's/\(rspamd.[0-9]*.: \)</\1(normal) </p' lines >verdict
    grep postfix/ lines | sed 1,2d >sent
    journal "$1-1" 0 /usr/lib/postfix/sbin/ postfix@-.service <accepted
    journal "$1-2" 110 /usr/bin/rspamd rspamd.service <verdict
    journal "$1-3" 0 /usr/lib/postfix/sbin/ postfix@-.service <sent
}
daemon() {
    setsid "$spamgear" postlog 2>daemon.err &
    daemon=$!
    children="$daemon $children"
    wait_for "the daemon" grep -q started daemon.err
}

mail A0000000001 anna
"$spamgear" postlog --once 2>once.err
same "--once" "0 A0000000001" "$? $(known)"
"$spamgear" postlog --once 2>>once.err
same "once more" "0 A0000000001" "$? $(known)"
mail A0000000002 anna
"$spamgear" postlog --once 2>>once.err
same "what came since" "0 A0000000001 A0000000002" "$? $(known)"

daemon
mail A0000000003 anna
wait_for "the third row" is_known "A0000000001 A0000000002 A0000000003"
kill -KILL "$daemon"
wait "$daemon" 2>/dev/null
mail A0000000004 anna
daemon
first="A0000000001 A0000000002 A0000000003 A0000000004"
wait_for "the row of the time when it was down" is_known "$first"

# A user's own lines, by logger(1) and by a script.
spam B0000000001 berta >lines
journal forged-1 1000 /usr/bin/logger session-1.scope <lines
spam B0000000002 berta >lines
journal forged-2 1000 /usr/bin/perl user@1000.service <lines
mail A0000000005 anna
wait_for "the fifth row, and no other" is_known "$first A0000000005"
kill -HUP "$daemon"
reloaded() { [ "$(grep -c started daemon.err)" = 2 ]; }
wait_for "the reload" reloaded
mail A0000000006 anna
wait_for "the sixth row" is_known "$first A0000000005 A0000000006"
status=$("$spamgear" postlog status)
same "it is well" "0 log       journal:postlog" "$? $(echo "$status" | sed -n 's/^\(log .*postlog\):.*/\1/p')"
kill -TERM "$daemon"
wait "$daemon"
same "SIGTERM" 0 $?
same "nothing went wrong" "" "$(cat once.err; grep -v -e started -e 'all that was' -e reloading -e 'told to end' -e ended daemon.err)"
report
