touch -d '2026-11-20 23:59:00' mail.log-20261120
touch -d '2026-11-21 17:30:00' mail.log-20261121
touch -d '2026-11-21 17:45:00' mail.log
