. "$DIR/../../react.sh"
configure "exim-list passwd"
