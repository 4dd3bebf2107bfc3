. "$DIR/../../react.sh"
configure exim-list
disable bob
sed -i "s,^exim-list.*,exim-list = $PWD/other," react.conf
echo 'bob: by hand' >other
