. "$DIR/../make.sh"
printf '[update-rules]\nsource = fingerprints.txt htp://example.net/x\nkey = abc\n' >my.conf
