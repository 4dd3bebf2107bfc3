i=0
while [ $i -lt 60 ]; do
    at=$(printf '2026-11-21T17:%02d:00+00:00 mx root: sendmail2relay' $((30 + i / 2)))
    echo "$at user=\"ivan\" path=\"/srv/$i.php\""
    [ $i -eq 0 ] || echo "$at user=\"olga\" path=\"/srv/$i.php\""
    i=$((i + 1))
done >mail.log
