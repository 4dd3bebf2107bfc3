. "$DIR/../lib.sh"
head -c 100 sig/shelldetect.db >x; mv x sig/shelldetect.db; shell home/a.php
