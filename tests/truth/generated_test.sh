#!/bin/sh
# Generated logs whose answers are known: what the checkers count must be the truth, and must
# be the same for a text file, standard input, .gz, .xz, .zst, a rotated pair and a journal.
# Also run under the thread sanitizer (ctest label: threads).
#
#   sh tests/truth/generated_test.sh SPAMGEAR MAIL-LOG-GEN
#
# The logs hold IPv6, botnets, failed log-ins, rejects and texts that imitate other users'
# messages; some end twenty minutes after New Year, so that the hour lies in two years.
set -u
gear=$(readlink -f "$1") gen=$(readlink -f "$2")
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
cd "$work" || exit 2
# DNS is not what is tested here, and nothing of the machine's own is looked after.
printf '[spamgear]\nresolve-timeout = 0\n[react]\nstate = %s/state\n[mail]\nspool =\n[emergency]\nspool =\n' \
    "$work" >truth.conf
export TZ=UTC LC_ALL=C SPAMGEAR_CONFIG="$work/truth.conf"
november=$(date -d "2026-11-21 18:00:00" +%s)
new_year=$(date -d '2027-01-01 00:20:00' +%s)
passed=0 failed=0

# answer: NDJSON on standard input -> the columns of the truth, sorted. Columns that the log
# cannot tell are 0 in the truth and left out there.
answer() { # KIND
    awk -v kind="$1" '
    function field(name,    key, rest) { # the first of that name: those of networks come later
        key = "\"" name "\":"
        if (!index($0, key)) return "?"
        rest = substr($0, index($0, key) + length(key))
        if (rest ~ /^"/) { sub(/^"/, "", rest); sub(/".*/, "", rest) } else sub(/[,}].*/, "", rest)
        return rest
    }
    /"summary"/ { next }
    field("kind") == kind {
        print kind "\t" field("sender") "\t" field("messages") "\t" field("recipients") "\t" \
            field("addresses") "\t" field("unknown") "\t" field("failed")
    }' | sort
}

# columns KIND: blanks what this kind of log does not say.
columns() {
    case $1 in
    sasl) cat ;;
    webmail) cut -f 1-5 ;;
    script) cut -f 1-3 ;;
    esac
}

# check WHAT KIND TRUTH: the NDJSON in file out against the truth.
check() {
    answer "$2" <out | columns "$2" >got
    sort "$3" | columns "$2" >want
    if [ -s want ] && cmp -s want got && [ ! -s err ]; then
        passed=$((passed + 1))
        return
    fi
    failed=$((failed + 1))
    echo "FAIL $1: $(wc -l <want) senders expected, $(wc -l <got) told; - want, + got:"
    diff -u want got | sed -n '3,20p'
    head -n 5 err
}

# ask APPLET ARG...: out and err
ask() {
    "$gear" "$@" --all --format json >out 2>err
    status=$?
    [ $status -eq 0 ] || echo "status $status" >>err
}

make() { # NAME END ARG...
    name=$1 end=$2
    shift 2
    "$gen" -e "$end" -t "$name.truth" "$@" >"$name"
    touch -d "@$end" "$name"
}

formats() {
    while read -r format kind applet end span; do
        make "$format.log" "$end" -f "$format" -s 5M -p "$span" -S "$span"
        for threads in 1 2; do
            ask "$applet" -l "$format.log" --now "@$end" -p 1hour --threads $threads
            check "$format over $span s, $threads threads" "$kind" "$format.log.truth"
        done
        ask "$applet" -l "$format.log" --now "@$end" -p 1hour --full
        check "$format over $span s, --full" "$kind" "$format.log.truth"
    done <<TABLE
postfix sasl postfix-spam-check $november 3600
postfix sasl postfix-spam-check $new_year 86400
postfix-rfc3339 sasl postfix-spam-check $new_year 7200
exim sasl exim-spam-check $november 86400
exim sasl exim-spam-check $new_year 3600
roundcube webmail roundcube-spam-check $new_year 7200
imp webmail imp-spam-check $november 7200
php script php-spam-check $new_year 7200
TABLE
}

# The same bytes by every way in.
ways() {
    make mail.log "$new_year" -s 5M -p 7200
    set -- postfix-spam-check --now "@$new_year" -p 1hour
    touch -d "@$new_year" mail.log
    ask "$@" -l - <mail.log
    check "standard input" sasl mail.log.truth
    for tool in gzip:gz xz:xz zstd:zst; do
        ${tool%:*} -q -c mail.log >"mail.log.${tool#*:}"
        touch -d "@$new_year" "mail.log.${tool#*:}"
        ask "$@" -l "mail.log.${tool#*:}"
        check ".${tool#*:}" sasl mail.log.truth
    done
    ask "$@" -l - <mail.log.xz
    check "standard input, compressed" sasl mail.log.truth
    rotated "$@"
    sed 's/$/\r/' mail.log >crlf.log
    touch -d "@$new_year" crlf.log
    ask "$@" -l crlf.log
    check "CRLF" sasl mail.log.truth
}

# Cut in three in the middle of the hour, as logrotate leaves them; only the newest is named.
rotated() {
    mkdir rotated
    lines=$(wc -l <mail.log)
    head -n $((lines * 7 / 10)) mail.log | gzip >rotated/mail.log.2.gz
    sed -n "$((lines * 7 / 10 + 1)),$((lines * 9 / 10))p" mail.log >rotated/mail.log.1
    sed "1,$((lines * 9 / 10))d" mail.log >rotated/mail.log
    touch -d "@$new_year" rotated/mail.log
    touch -d "@$((new_year - 720))" rotated/mail.log.1
    touch -d "@$((new_year - 2160))" rotated/mail.log.2.gz
    ask "$@" -l rotated/mail.log
    check "rotated in the hour" sasl mail.log.truth
}

journal() {
    remote=/lib/systemd/systemd-journal-remote
    [ -x "$remote" ] || remote=${SPAMGEAR_SERVERS:-/var/cache/spamgear-tests/servers}$remote
    if [ ! -x "$remote" ]; then
        echo "FAIL journal: no systemd-journal-remote"
        failed=$((failed + 1))
        return
    fi
    make export "$new_year" -f postfix-journal -s 5M -p 7200
    if ! "$remote" -o "$work/mail.journal" export >remote.log 2>&1; then
        echo "FAIL journal: $(cat remote.log)"
        failed=$((failed + 1))
        return
    fi
    ask postfix-spam-check --journal-file "$work/mail.journal" --now "@$new_year" -p 1hour
    check "journal" sasl export.truth
}

formats
ways
journal
echo "$passed passed, $failed failed"
[ "$passed" -gt 0 ] && [ "$failed" -eq 0 ]
