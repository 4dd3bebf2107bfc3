. "$DIR/../lib.sh"
clean home/a.php
