name=$(printf 'x\ny.php')
: >"site/$name"
