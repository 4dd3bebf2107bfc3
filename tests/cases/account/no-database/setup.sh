. "$DIR/../../react.sh"
mkdir state
printf "%0200d" 0 >state/spamgear.db
chmod 600 state/spamgear.db
cp -p state/spamgear.db before
