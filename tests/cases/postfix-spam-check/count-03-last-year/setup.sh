touch -d '2026-11-21 17:50:00' mail.log
