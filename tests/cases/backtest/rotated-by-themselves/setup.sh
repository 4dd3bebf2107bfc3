touch -d '2026-11-10 11:00' mail.log.2
touch -d '2026-11-12 08:00:01' mail.log.1
touch -d '2026-11-12 10:00' mail.log
