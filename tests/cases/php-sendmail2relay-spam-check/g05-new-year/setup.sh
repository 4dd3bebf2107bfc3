touch -d '2027-01-01 00:01:00' mail.log
