touch -d '2026-11-21 17:45:01' mail.log
touch -d '2026-11-21 00:00:00' mail.log.1
