#!/bin/sh
# journal_test.sh SPAMGEAR - the same mail in a journal, whose fields tell forgeries apart.
#
# systemd-journal-remote makes a journal file of the lines of a real Postfix, with the
# fields that journald would have had from the kernel for each of its programs.
# shellcheck disable=SC2154,SC2317  # set, or called, by what is sourced
. "$(dirname "$0")/lib.sh"
. "$servers_dir/postfix_traffic.sh"

# journal FILE : from export entries on standard input
journal() {
    cat >export.txt
    timeout 30 "$cache/lib/systemd/systemd-journal-remote" -o "$work/$1" export.txt \
        >journal.out 2>&1 || { cat journal.out >&2; give_up "systemd-journal-remote"; }
}

postfix_entries() { perl "$servers_dir/export.pl" "$@" <postfix.log; }

# A user's own lines under Postfix' name, by logger(1) and by a script of his own; neither may
# count. quoted: a line of another daemon that quotes one of Postfix.
forged_line() {
    echo 'Nov 01 00:00:00 mx postfix/smtpd[7]: A1B2C3D4E5: client=h[192.0.2.9],' \
        'sasl_method=PLAIN, sasl_username=alice'
}
forgeries() {
    for _ in 1 2 3; do
        forged_line
    done | perl "$servers_dir/export.pl" 1000 /usr/bin/logger session-1.scope
    forged_line | sed 's/h\[/other[/' |
        perl "$servers_dir/export.pl" 1000 /usr/bin/perl5.36 user@1000.service
}
quoted() {
    forged_line | sed 's,postfix/smtpd\[7\],cron[8],; s,A1B2,postfix/smtpd[7]: &,' |
        perl "$servers_dir/export.pl" 0 /usr/sbin/cron cron.service
}
with_forgeries() { printf '%s\n' "$postfix_sent" | sed 's/^\(summary.*\)|0$/\1|4/'; }

postfix_traffic
postfix_entries 0 /usr/lib/postfix/sbin/ postfix@-.service | journal plain.journal
check "a journal" "$postfix_sent" postfix-spam-check --journal-file plain.journal -m 1
same "the kernel vouches for every message" "" \
    "$(grep -v '"summary"' answer | perl -ne \
        'print unless /"messages":(\d+).*"trusted":(\d+)/ && $1 == $2')"

{
    postfix_entries 0 /usr/lib/postfix/sbin/ postfix@-.service
    quoted
    forgeries
} | journal forged.journal
check "a journal with forgeries" "$(with_forgeries)" \
    postfix-spam-check --journal-file forged.journal -m 1
report
