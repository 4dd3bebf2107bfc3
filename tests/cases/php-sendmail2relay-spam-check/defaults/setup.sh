i=0
while [ $i -lt 10 ]; do
    sed "s/MM/5$i/" one
    [ $i -eq 0 ] || sed "s/MM/5$i/" two
    i=$((i + 1))
done >mail.log
