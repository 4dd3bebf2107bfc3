# Read by the setup.sh of the cases: makes signatures, clean samples, and sets by hand.

mkdir -p clean new
printf '<?php\necho "a page as everybody writes it";\n' >clean/page.php

# lines COUNT FROM: so many fingerprints
lines() {
    i=$2
    while [ "$i" -lt $(($1 + $2)) ]; do
        echo "inert-marker-$i-of-the-test"
        i=$((i + 1))
    done
}

# begin_set ID [PREVIOUS]; add_file NAME COUNT <CONTENT; end_set: it is the one in use
begin_set() {
    set_folder=signatures/sets/$1
    mkdir -p "$set_folder"
    ln -sfn "sets/$1" signatures/current
    echo 'spamgear-signatures 1' >"$set_folder/manifest"
    [ $# -lt 2 ] || echo "previous $2" >>"$set_folder/manifest"
}
add_file() {
    cat >"$set_folder/$1"
    echo "file $1 $(sha256sum <"$set_folder/$1" | cut -d ' ' -f 1)" \
        "$(wc -c <"$set_folder/$1" | tr -d ' ') $2 1795300000 unsigned ${url:-https://example.net/$1}" \
        >>"$set_folder/manifest"
}
end_set() { echo end >>"$set_folder/manifest"; }
