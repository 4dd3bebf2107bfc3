. "$DIR/../make.sh"
make_case 20261121-224605-7f3a1c taken "$PWD/shell.php" "[X]" marker me
for object in vault/objects/*/*; do
    printf mArker >"$object"
done
