. "$DIR/../lib.sh"
finger home/a.php; mkdir other; ln home/a.php other/b.php; ln home/a.php other/c.php
