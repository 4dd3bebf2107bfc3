. "$DIR/../../disable.sh"
sed -i "s/^methods.*/methods = command comand/" react.conf
