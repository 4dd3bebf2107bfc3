. "$DIR/../../react.sh"
echo bob >list
