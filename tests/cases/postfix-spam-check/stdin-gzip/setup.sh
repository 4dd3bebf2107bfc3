gzip -nc mail.log >stdin
rm mail.log
