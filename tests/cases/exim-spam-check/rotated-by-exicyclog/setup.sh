touch -d '2026-11-21 17:20:00' mainlog.01
touch -d '2026-11-21 17:10:00' mainlog.02
touch -d '2026-11-21 17:30:00' mainlog
gzip mainlog.02
