. "$DIR/../../disable.sh"
sed -i "2i max-actions-per-run = 1" react.conf
