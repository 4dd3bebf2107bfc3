# Half an hour: 60 of bob (ten through the webmail), 59 of ann.
i=0
while [ $i -lt 60 ]; do
    at=$(printf '2026-11-21T17:%02d:00+00:00 mx postfix/smtpd[7]:' $((30 + i / 2)))
    q=$(printf '%05X' $i)
    if [ $i -lt 10 ]; then ip=192.0.2.11; else ip=198.51.100.$i; fi
    echo "$at A$q: client=h$i.isp.example[$ip], sasl_method=LOGIN, sasl_username=bob"
    [ $i -eq 0 ] || echo "$at B$q: client=pc.home.example[192.0.2.77], sasl_method=LOGIN, sasl_username=ann"
    i=$((i + 1))
done >mail.log
