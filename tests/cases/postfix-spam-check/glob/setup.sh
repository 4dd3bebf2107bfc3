touch -d '2026-11-21 17:20:00' a.log
touch -d '2026-11-21 17:45:00' b.log
