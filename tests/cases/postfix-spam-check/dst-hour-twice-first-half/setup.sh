touch -d '2026-10-25 00:45:00' mail.log
