# The same queue ID three times a day; the log of the filter is a small one.
awk 'BEGIN {
    for (hour = 6; hour <= 18; hour++) {
        stamp = sprintf("2026-11-21T%02d:00:0", hour)
        if (hour % 6 == 0) {
            user = hour == 6 ? "anna" : hour == 12 ? "bert" : "carl"
            print stamp "1Z mx postfix/smtpd[7]: AB12CD: client=h[192.0.2.7], sasl_method=PLAIN, sasl_username=" user
            print stamp "2Z mx postfix/qmgr[8]: AB12CD: from=<" user "@example.com>, size=1, nrcpt=1 (queue active)"
            print stamp "3Z mx postfix/qmgr[8]: AB12CD: removed"
            print substr(stamp, 1, 10) " " substr(stamp, 12) "2 #38(normal) <73b3a9>; task; rspamd_task_write_log: id: <" hour "@x>, qid: <AB12CD>, ip: 192.0.2.7, from: <" user "@example.com>, (default: T (reject): [16/15] [])" >"rspamd.log"
        }
        for (i = 0; i < 1000; i++)
            print stamp "4Z mx dovecot: filler of the large log, which nobody needs to know anything about"
        for (i = 0; i < 40; i++)
            print substr(stamp, 1, 10) " " substr(stamp, 12) "4 #38(normal) <73b3a9>; task; filler of the small log, which goes ahead" >"rspamd.log"
    }
}' >mail.log
