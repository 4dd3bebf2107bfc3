#!/bin/sh
# postfix_test.sh SPAMGEAR - Postfix with Dovecot SASL: what was sent is what is counted.
# shellcheck disable=SC2154,SC2317  # set, or called, by what is sourced
. "$(dirname "$0")/lib.sh"
. "$servers_dir/postfix_traffic.sh"

postfix_traffic
check "postlogd's own file" "$postfix_sent" postfix-spam-check -l postfix.log -m 1

gzip -k postfix.log
check "packed, on standard input" "$postfix_sent" postfix-spam-check -l - -m 1 <postfix.log.gz

# One of her addresses is ::1, which most machines know as localhost, and some do not know.
unknown=3
! getent hosts ::1 >/dev/null || unknown=2

# What cron mails to the administrator: those over the limit, and what was accepted of them.
"$spamgear" postfix-spam-check -m 3 -l postfix.log >text
same "status" 0 $?
same "text" "During the last 1 hour the following senders have made at least 3 SMTP connections.

7 (3 nets/$unknown unknowns/4 IPs/0 webmail) -- sasl_username=alice
3 (2 nets/3 unknowns/3 IPs/0 webmail) -- sasl_username=bob@example.net
3 (1 nets/1 unknowns/1 IPs/0 webmail) -- sasl_username=eve, evening" \
    "$(sed 's/-- .*, \(sasl_username=\)/-- \1/' text)"
report
