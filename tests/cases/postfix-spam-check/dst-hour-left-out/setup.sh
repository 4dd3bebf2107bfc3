touch -d '2026-03-29 01:15:00' mail.log
