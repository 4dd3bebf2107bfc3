. "$DIR/../lib.sh"
mkdir user; finger user/a.php
