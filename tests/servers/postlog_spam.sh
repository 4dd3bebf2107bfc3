# postlog_spam.sh - spam in a mail log, and which of it the daemon's state knows; sourced.
#
# shellcheck shell=sh disable=SC2154
rows=$(dirname "$spamgear")/postlog_rows

# spam ID USER : the lines of a message that rspamd did not like
spam() {
    printf "$(date '+%b %e %H:%M:%S') mx %s\n" \
        "postfix/submission/smtpd[7]: $1: client=h[198.51.100.7], sasl_method=PLAIN, sasl_username=$2" \
        "postfix/cleanup[8]: $1: message-id=<$1@example.net>" \
        "rspamd[9]: <8ae27d>; proxy; rspamd_task_write_log: id: <$1@example.net>, qid: <$1>, ip: 198.51.100.7, user: $2, from: <$2@example.net>, (default: T (add header): [9.50/15.00] [A(9.50){}]), len: 900, time: 7ms, dns req: 1, digest: <ab>, rcpts: <r@example.org>, mime_rcpts: <r@example.org>" \
        "postfix/qmgr[10]: $1: from=<$2@example.net>, size=900, nrcpt=1 (queue active)" \
        "postfix/smtp[11]: $1: to=<r@example.org>, relay=mx.example.org[192.0.2.25]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 Ok)" \
        "postfix/qmgr[10]: $1: removed"
}

# known [FOLDER] : the queue IDs of all rows, in order
# shellcheck disable=SC2086  # several words
known() { $rows "${1:-state}" 2>/dev/null | sed -n 's/^spam\t\([^\t]*\)\t.*/\1/p' | paste -sd ' ' -; }
is_known() { [ "$(known "${2:-state}")" = "$1" ]; }
