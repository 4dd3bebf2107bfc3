#!/bin/sh
# races_test.sh SPAMGEAR UNQUIET - tenants who change their files and folders while these are
# scanned and acted upon: first at the worst moment, made certain by stopping the processes of the
# scan; then at random moments, over and over.
# shellcheck disable=SC2154,SC2317  # set, or called, by what is sourced
. "$(dirname "$0")/lib.sh"

# What lies outside of the homes and looks like what is looked for: nobody may touch it.
make_outside() {
    mkdir outside
    finger outside/shell.php
    injected outside/page.php
    outside_is >outside.before
}

outside_is() { (cd outside && ls -i && sha256sum ./*); }

outside_holds() { # NAME
    same "$1: what lies outside" "$(cat outside.before)" "$(outside_is)"
    same "$1: nothing from there in the quarantine" "0" \
        "$(vault_json 2>/dev/null | grep -c '"path":"[^"]*/outside/')"
}

# --- at the worst moment --------------------------------------------------------------

# between MOMENT CHANGE OPTION... : scans home/u/www/shell.php with these options, and has CHANGE
# happen when the file is "opened" but not read, or "examined" but not acted upon.
between() {
    moment=$1 change=$2
    shift 2
    rm -f list
    mkfifo list
    exec 3<>list
    clean home/first.php # workers are started for the first file
    begin -j 1 "$@" <list 3>&-
    echo home/first.php >&3
    wait_for "a worker" has_workers
    sleep 0.05
    workers=$(workers_of "$begun")
    # shellcheck disable=SC2086  # a list of numbers
    signal STOP $workers
    echo "home/u/www/$file" >&3
    wait_for "the file to be opened" has_open "home/u/www/$file"
    if [ "$moment" = examined ]; then
        signal STOP "$begun"
        # shellcheck disable=SC2086
        signal CONT $workers
        sleep 0.1
        $change
    else
        $change
        # shellcheck disable=SC2086
        signal CONT $workers
    fi
    exec 3>&-
    signal CONT "$begun"
    ends 20
}

make_home() {
    fresh
    make_outside
    mkdir -p home/u/www
    finger home/u/www/shell.php
    injected home/u/www/page.php
    # Not the same bytes as those outside, so that neither can stand for the other.
    echo '// of the tenant' >>home/u/www/shell.php
    echo '<?php // of the tenant' >>home/u/www/page.php
}

# Links of root are followed above what is walked; these are a tenant's.
tenants_link() { ln -s "$1" "$2" && { ! is_root || chown -h 65534:65534 "$2"; }; }
folder_becomes_link() { mv home/u/www home/u/old && tenants_link "$work/outside" home/u/www; }
folder_becomes_other() { mv home/u/www home/u/old && mkdir home/u/www && clean "home/u/www/$file"; }
file_becomes_link() { mv "home/u/www/$file" home/u/old && tenants_link "$work/outside/$file" "home/u/www/$file"; }
file_becomes_other() { clean home/u/new && mv home/u/new "home/u/www/$file"; }
file_grows() { echo '// more' >>"home/u/www/$file"; }
file_shrinks() { : >"home/u/www/$file"; }
file_goes() { rm "home/u/www/$file"; }
file_moves() { mv "home/u/www/$file" home/u/elsewhere; }
mode_changes() { chmod 600 "home/u/www/$file"; }
link_is_made() { ln "home/u/www/$file" home/u/other; }
same_again() { cp "home/u/www/$file" home/u/new && cat home/u/new >"home/u/www/$file"; }
# Even when it is the very same file that is outside by another name.
link_to_itself() {
    mkdir outside/u && ln "home/u/www/$file" "outside/u/$file" && mv home/u/www home/u/old &&
        tenants_link "$work/outside/u" home/u/www
}

all_files() { find home -type f -exec cat {} + | sort; }

# A change after which the file is not what was examined: it is left alone, and that is told.
left_alone() { # MOMENT CHANGE OPTION...
    left_name="$1, then $2 ($3)"
    make_home
    between "$@"
    outside_holds "$left_name"
    in_order "$left_name"
    same "$left_name: nothing is called done" "0" "$(grep -c '\[QUARANTINED\]\|\[CLEANED\]\|\[DELETED\]' out)"
    same "$left_name: no case says taken" "0" "$(vault_json 2>/dev/null | grep -c '"state":"taken"')"
}

file=shell.php
for change in folder_becomes_link folder_becomes_other file_becomes_link file_becomes_other file_goes; do
    left_alone examined "$change" -q "$work/vault"
    same "$left_name: told" "2 1" "$status $(grep -c '^full-scan: home/u/www/shell.php: not put into quarantine: ' err)"
    left_alone opened "$change" -q "$work/vault"
done
for change in file_grows file_shrinks; do
    left_alone examined "$change" -q "$work/vault"
    same "$left_name: told" "2 1" "$status $(grep -c '^full-scan: home/u/www/shell.php: not put into quarantine: ' err)"
done
for change in folder_becomes_link file_becomes_link file_becomes_other folder_becomes_other; do
    left_alone examined "$change" -q /dev/null
    same "$left_name: told" "2 1" "$status $(grep -c '^full-scan: home/u/www/shell.php: not removed: ' err)"
done
file=page.php
for change in folder_becomes_link file_becomes_link file_becomes_other file_grows file_shrinks; do
    left_alone examined "$change" --clean -q "$work/vault"
    same "$left_name: told" "2 1" "$status $(grep -c '^full-scan: home/u/www/page.php: not ' err)"
done
file=shell.php
if is_root; then # whose scan has more rights than who makes the link
    make_home
    between examined link_to_itself -q "$work/vault"
    holds "the same file outside stays" test -f outside/u/shell.php
    same "the same file outside: told" "2" "$status"
    make_home
    between examined link_to_itself -q /dev/null
    holds "the same file outside is not deleted" test -f outside/u/shell.php
fi

# The bytes are those that were examined: then it does not help to change the rest.
for change in mode_changes link_is_made same_again; do
    make_home
    between examined "$change" -q "$work/vault"
    want=1
    [ "$change" != link_is_made ] || want=2 # the other name is told
    same "$change does not keep a file" "$want 1 " \
        "$status $(grep -c 'QUARANTINED' out) $(ls home/u/www/shell.php 2>/dev/null)"
done

# What changed before it was read is examined as it is then, or unknown.
make_home
file=shell.php
between opened file_shrinks -q "$work/vault"
in_order "emptied before it was read"
make_home
file=page.php
clean home/u/www/page.php
becomes_bad() { finger home/u/www/page.php; }
between opened becomes_bad -q "$work/vault"
same "turned bad before it was read" "1" "$(grep -c QUARANTINED out)"

# --- at random moments ----------------------------------------------------------------

# Names of what lies in the homes and, put back, in the quarantine: one line each, by content.
inventory() {
    find home -name '*.php' -type f -exec cat {} +
    for id in $(vault_json | sed -n 's/.*"id":"\([^"]*\)".*"state":"taken".*/\1/p'); do
        "$spamgear" quarantine --dir "$work/vault" restore "$id" --to "$work/back/$id" >/dev/null && cat "back/$id"
    done
}

make_many() {
    fresh
    rm -rf "${work:?}/back"
    mkdir back
    make_outside
    mkdir -p home/u/www
    for i in 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29; do
        finger home/u/www/shell$i.php
        echo "// number $i" >>home/u/www/shell$i.php
        cp home/u/www/shell$i.php outside/shell$i.php
    done
    outside_is >outside.before
}

# A folder and a link to what lies outside exchange their names all the time.
# (Links of whoever scans are followed: without root there is no other user here.)
for options in "-q $work/vault" "-q /dev/null" "-q $work/vault --clean"; do
    for round in 1 2 3 4; do
        is_root || break
        make_many
        tenants_link "$work/outside" home/u/link
        disturb swap home/u/www home/u/link
        # shellcheck disable=SC2086  # a list of words
        if [ $round -lt 3 ]; then scan $options home; else find home/u/www/ -name '*.php' | scan $options; fi
        stop_children
        in_order "swapped folders, $options, round $round"
        outside_holds "swapped folders, $options, round $round"
    done
done

for way in rewrite grow shrink replace retouch; do
    for round in 1 2; do
        make_many
        disturb $way home/u/www/*.php
        scan -j 2 -q "$work/vault" home
        stop_children
        in_order "$way, round $round"
        taken=$(grep -c 'QUARANTINED' out)
        told=$(grep -c '^full-scan: home/u/www/shell' err)
        holds "$way, round $round: each taken, told, or gone" test $((taken + told)) -ge 19 -o $way = shrink
        holds "$way, round $round: $taken taken, all cases hold" \
            test "$(inventory 2>err | grep -c 'number')" -ge 20 -o $way = shrink
        same "$way, round $round: the quarantine is sound" "" "$(cat err)"
    done
done

report
