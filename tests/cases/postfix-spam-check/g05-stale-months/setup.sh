touch -d '2027-02-03 11:45:00' mail.log
