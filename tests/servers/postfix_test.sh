#!/bin/sh
# postfix_test.sh SPAMGEAR - Postfix with Dovecot SASL: what was sent is what is counted.
# shellcheck disable=SC2154,SC2317  # set, or called, by what is sourced
. "$(dirname "$0")/lib.sh"
. "$servers_dir/postfix_traffic.sh"

postfix_traffic
check "postlogd's own file" "$postfix_sent" postfix-spam-check -l postfix.log -m 1
report
