touch -d '2025-11-21 17:20:00' mail.log
