"$BINARY" postlog --once -v 3 --now '2026-11-22 04:00' -l mail.log --state "$PWD/state"
