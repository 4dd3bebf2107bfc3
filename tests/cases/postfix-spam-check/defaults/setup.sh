i=0
while [ $i -lt 90 ]; do
    echo "2026-11-21T17:$(printf %02d $((i / 2))):01+00:00 mx postfix/smtpd[7]: A$(printf %05X $i): client=h.isp.example[192.0.2.1], sasl_method=PLAIN, sasl_username=bob"
    [ $i -eq 0 ] || echo "2026-11-21T17:$(printf %02d $((i / 2))):01+00:00 mx postfix/smtpd[7]: B$(printf %05X $i): client=h.isp.example[192.0.2.1], sasl_method=PLAIN, sasl_username=ann"
    i=$((i + 1))
done >mail.log
