. "$DIR/../lib.sh"
injected home/a.php; mkdir other; ln home/a.php other/b.php
