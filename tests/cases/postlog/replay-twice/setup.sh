"$BINARY" postlog --replay old.log --state "$PWD/state" -v 0 --now '2026-11-22 04:00'
