. "$DIR/../../disable-nis.sh"
sed -i "2i ssh = $PWD/ssh" react.conf
