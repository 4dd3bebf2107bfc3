touch -d '2001-01-01 00:00:00' mail.log
