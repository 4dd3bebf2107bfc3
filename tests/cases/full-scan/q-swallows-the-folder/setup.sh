. "$DIR/../lib.sh"
chmod 700 home; finger home/a.php
