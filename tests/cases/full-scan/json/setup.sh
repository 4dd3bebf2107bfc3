. "$DIR/../lib.sh"
injected home/2.php; clean home/5.php
