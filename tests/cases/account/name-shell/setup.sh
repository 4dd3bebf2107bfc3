. "$DIR/../../react.sh"
