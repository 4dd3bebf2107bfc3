touch -d '2027-01-01 00:05:00' mainlog
