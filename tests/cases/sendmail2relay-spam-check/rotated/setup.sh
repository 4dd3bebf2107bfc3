touch -d '2026-11-21 17:20:00' mail.log.1
touch -d '2026-11-21 17:50:00' mail.log
