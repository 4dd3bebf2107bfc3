. "$DIR/../make.sh"
make_case 20261121-224605-7f3a1c taken "$PWD/shell.php" "[X]" "<?php // marker" me
