touch -d '2027-01-01 00:10:00' mail.log
