. "$DIR/../../react.sh"
disable bob --reason "$(printf "red \033[31m\nline")"
