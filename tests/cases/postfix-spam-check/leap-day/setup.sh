touch -d '2028-03-01 00:06:00' mail.log
