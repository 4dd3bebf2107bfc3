chmod 600 password
sed -i "s|@TMP@|$PWD|" conf
mkdir -p out
