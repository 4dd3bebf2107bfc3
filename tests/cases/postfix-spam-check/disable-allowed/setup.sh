. "$DIR/../../disable.sh"
sed -i "2i allow = b* carl" react.conf
