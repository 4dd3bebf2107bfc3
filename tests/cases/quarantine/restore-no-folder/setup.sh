. "$DIR/../make.sh"
make_case 20261121-224605-7f3a1c taken "$PWD/gone/shell.php" "[X]" marker me
