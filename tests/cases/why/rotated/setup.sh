touch -d '2026-11-21 17:30:00' mail.log.1
touch -d '2026-11-21 17:40:00' mail.log
