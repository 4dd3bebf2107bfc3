# logrotate has just copied the log (copytruncate) and not yet cut it: both hold every message.
awk 'BEGIN { for (i = 0; i < 50000; i++)
    printf "2026-11-21T17:%02d:%02dZ mx postfix/smtpd[9]: %X: client=a.example[192.0.2.1], sasl_method=PLAIN, sasl_username=bob\n",
        30 + i / 2500, i / 42 % 60, 1048576 + i }' >mail.log
cp mail.log mail.log.1
touch -d 2026-11-21T17:50:00Z mail.log.1
touch -d 2026-11-21T17:50:01Z mail.log
