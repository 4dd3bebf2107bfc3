touch -d '2026-11-21 17:20:00' sendmail.log.1
touch -d '2026-11-21 17:30:00' sendmail.log
