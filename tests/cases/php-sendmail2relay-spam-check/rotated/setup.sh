touch -d '2026-11-21 17:51:00' mail.log.1
touch -d '2026-11-21 17:59:00' mail.log
