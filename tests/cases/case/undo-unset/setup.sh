. "$DIR/../../react.sh"
configure 'exim-list command'
disable bob
sed -i '/^exim-list\|^command/d; s/^methods.*/methods = local/' react.conf
