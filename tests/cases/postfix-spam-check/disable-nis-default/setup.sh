. "$DIR/../../disable-nis.sh"
sed -i "s|^methods.*|ssh = $PWD/ssh|" react.conf
