touch -d '2026-11-21 17:20:00' mainlog.1
touch -d '2026-11-21 17:30:00' mainlog
