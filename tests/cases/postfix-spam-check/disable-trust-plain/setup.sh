. "$DIR/../../disable.sh"
sed -i "2i trust-plain-logs = yes" react.conf
