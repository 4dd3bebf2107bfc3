. "$DIR/../lib.sh"
configure "url = postgres:nowhere" "query = INSERT INTO t VALUES(?x)" "password-file = none" \
    '[fleet]' 'node = "two words"'
