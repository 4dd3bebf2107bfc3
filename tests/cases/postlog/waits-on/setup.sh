"$BINARY" postlog --once -l "$PWD/mail.log" --state "$PWD/state" -v 6 --now '2026-11-22 03:47:10' >first 2>&1
