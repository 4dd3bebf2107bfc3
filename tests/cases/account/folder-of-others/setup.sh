. "$DIR/../../react.sh"
mkdir state
chmod 777 state
