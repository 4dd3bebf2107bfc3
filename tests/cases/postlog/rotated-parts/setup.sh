"$BINARY" postlog --config c.conf --once --state "$PWD/state" --now '2026-11-22 04:00' >first 2>&1
mv mail.log.1 mail.log.2
mv mail.log mail.log.1
sed 's/AA01/AA03/' mail.log.2 >mail.log
