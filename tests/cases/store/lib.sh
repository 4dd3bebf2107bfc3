# lib.sh - what the cases of `store` share; sourced by their setup.sh in a fresh folder.
#
# shellcheck shell=sh disable=SC2119,SC2120  # lines are optional

# configure [LINE...] : a folder for the state, and c.conf with these lines of [store]
configure() {
    [ -d store ] || mkdir -m 700 store
    printf '%s\n' '[store]' "state = $PWD/store" "$@" >c.conf
}

# beside [LINE...] : the same, with another database
beside() {
    configure "url = sqlite:$PWD/r.db" "$@"
}

# tables : those of the other database, and of postlog-sa
tables() {
    beside
    $BINARY store --config c.conf init --with-spammers >/dev/null
}
