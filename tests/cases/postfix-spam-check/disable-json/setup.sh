. "$DIR/../../disable.sh"
