. "$DIR/../../react.sh"
configure "exim-list command"
: >broken
