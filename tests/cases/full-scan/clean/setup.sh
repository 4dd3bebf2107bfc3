. "$DIR/../lib.sh"
clean home/a.php
printf "text\n" >home/b.txt
: >home/empty
