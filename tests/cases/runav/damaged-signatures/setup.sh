. "$DIR/../../full-scan/lib.sh"
clean home/a; head -c 100 sig/shelldetect.db >x; mv x sig/shelldetect.db
