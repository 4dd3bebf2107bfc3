touch -d '2026-11-21 17:30:00' mail.log
