touch -d '2026-11-21 12:00:00' phpmail.log.1
touch -d '2026-11-21 17:59:00' phpmail.log
