#!/bin/sh
# rsyslog_test.sh SPAMGEAR - the same mail in every shape that rsyslog writes.
#
# The lines of a real Postfix go to a real rsyslogd through its log socket, as syslog(3) would
# send them (a machine's /dev/log is not ours to replace). Others write to the socket as well.
# shellcheck disable=SC2154,SC2317  # set, or called, by what is sourced
. "$(dirname "$0")/lib.sh"
. "$servers_dir/postfix_traffic.sh"
. "$servers_dir/rsyslog.sh"

# Any user may write anything to the log, under any name. A line of another program that
# quotes Postfix counts nothing. (Under Postfix' own name it would: only the journal knows.)
rsyslog_forge() {
    line='A1B2C3D4E5: client=h[192.0.2.9], sasl_method=PLAIN, sasl_username=alice'
    logger -u log.sock -t cron "postfix/smtpd[7]: $line"
    logger -u log.sock -t sshd "x postfix/submission/smtpd[7]: $line"
    logger -u log.sock -t dovecot "Nov 21 10:00:00 mx postfix/smtpd[7]: $line"
    logger -u log.sock -t shop/smtpd "$line"
}

# relay [DIRECTIVE] : what Postfix has logged, and the forgeries, in the three files
relay() {
    rm -f ./*.log log.sock
    rsyslog_start "$@"
    perl "$servers_dir/syslog.pl" log.sock <postfix.sent || give_up "rsyslogd does not listen"
    rsyslog_forge
    rsyslog_stop
}

postfix_traffic
mv postfix.log postfix.sent
relay
for shape in traditional rfc3339 rfc5424; do
    check $shape "$postfix_sent" postfix-spam-check -l $shape.log -m 1
done

# Somebody tries the same password again and again: equal lines, which rsyslog can fold.
# shellcheck disable=SC2016  # a directive, no variable
relay '$RepeatedMsgReduction on'
same "equal lines were folded" 1 "$(grep -c 'message repeated 3 times: \[ .*=mallory\]' traditional.log)"
for shape in traditional rfc3339 rfc5424; do
    check "$shape, folded" "$postfix_sent" postfix-spam-check -l $shape.log -m 1
done
report
