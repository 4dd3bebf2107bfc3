. "$DIR/../make.sh"
make_case 20261121-224605-7f3a1c begun "$PWD/shell.php" "[X]" marker
: >vault/new/.spamgear-0123
