. "$DIR/../../react.sh"
printf "[react]\nallow = '*@example.com'\n" >>react.conf
