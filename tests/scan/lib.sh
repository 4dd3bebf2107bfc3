# lib.sh - what the tests of whole scans share; sourced by a script whose arguments are the spamgear
# binary and the tool `unquiet`.
#
# Each test has a temporary folder of its own, in which sig/ (signatures) and home/ lie, as in the
# cases of full-scan; its samples are inert. What is killed is a process that the test started
# itself, or a child of one. SPAMGEAR_KEEP=1 keeps the folder.
# shellcheck shell=sh disable=SC2034
set -u

spamgear=$(readlink -f "${1:?usage: $0 SPAMGEAR UNQUIET}")
unquiet=$(readlink -f "${2:?usage: $0 SPAMGEAR UNQUIET}")
scan_dir=$(cd "$(dirname "$0")" && pwd)
passed=0
failed=0
children=
export LC_ALL=C TZ=UTC
umask 022

work=$(mktemp -d) || exit 2
work=$(readlink -f "$work")
export SPAMGEAR_CONFIG="$work/none.conf"

stop_children() {
    for child in $children; do
        kill -KILL "$child" 2>/dev/null
        wait "$child" 2>/dev/null
    done
    children=
}

finish() {
    status=$?
    trap - EXIT
    stop_children
    cd /
    if [ -n "${SPAMGEAR_KEEP:-}" ]; then
        echo "kept: $work" >&2
    else
        chmod -R u+rwX "$work" 2>/dev/null
        rm -rf "${work:?}"
    fi
    exit "$status"
}
trap finish EXIT
trap 'exit 1' INT TERM HUP
chmod 755 "$work" # workers and tenants must get through
cd "$work" || exit 2
cat >none.conf <<END # nothing of the machine's own is read or written
[react]
state = $work/state
[mail]
spool =
[emergency]
spool =
END
DIR=$scan_dir
. "$scan_dir/../cases/full-scan/lib.sh"

is_root() { [ "$(id -u)" = 0 ]; }

# fresh: an empty home/ and no quarantine
fresh() {
    stop_children
    chmod -R u+rwX "$work/home" "$work/vault" 2>/dev/null
    rm -rf "${work:?}/home" "${work:?}/vault" "${work:?}/outside"
    mkdir home
}

# scan ARGUMENT... : a whole full-scan; its words go to the files out and err. Sets $status; 124 is
# a scan that did not end.
scan() {
    timeout 60 "$spamgear" full-scan --signatures "$work/sig" --clamav off --no-cache "$@" >out 2>err
    status=$?
}

# begin ARGUMENT... : the same in the background, with the same input; sets $begun
begin() {
    : >out # or somebody waits for a word that the last scan said
    : >err
    {
        "$spamgear" full-scan --signatures "$work/sig" --clamav off --no-cache "$@" \
            <&4 4<&- >out 2>err &
        begun=$!
    } 4<&0
    children="$begun $children"
}

# ends SECONDS: waits for what was begun; sets $status
ends() {
    tries=$(($1 * 50))
    while [ $tries -gt 0 ] && lives "$begun"; do
        sleep 0.02
        tries=$((tries - 1))
    done
    [ $tries -gt 0 ] || kill -KILL "$begun"
    wait "$begun" 2>/dev/null
    status=$?
    [ $tries -gt 0 ] || status=124
}

# lives PID: is it there, and no zombie?
lives() {
    read -r stat 2>/dev/null <"/proc/$1/stat" && case ${stat##*) } in Z*) false ;; esac
}

# workers_of PID: its children
workers_of() {
    cat /proc/[0-9]*/stat 2>/dev/null | awk -v parent="$1" '
        { pid = $1; sub(/^.*\) /, "") }
        $1 != "Z" && $2 == parent { print pid }'
}

# wait_for WHAT COMMAND... : until it succeeds, at most 10 seconds
wait_for() {
    waiting_for=$1
    shift
    tries=500
    until "$@" >/dev/null 2>&1; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || break
        sleep 0.02
    done
    [ $tries -gt 0 ] || bad "waited in vain" "$waiting_for"
}

has_workers() { [ "$(workers_of "$begun" | wc -l)" -ge "${1:-1}" ]; }
# has_open PATH: has what was begun this file open?
has_open() { find "/proc/$begun/fd" -lname "$work/$1" 2>/dev/null | grep -q .; }
# signal NAME PID...
signal() {
    signal_name=$1
    shift
    for pid in "$@"; do kill "-$signal_name" "$pid" 2>/dev/null; done
}

# disturb WAY PATH... : a tenant at work, until stop_children
disturb() {
    "$unquiet" "$@" &
    children="$! $children"
}

# A random number below $1
random() { echo $(($(od -An -N4 -tu4 /dev/urandom) % $1)); }

good() { passed=$((passed + 1)); }

bad() { # NAME MESSAGE
    failed=$((failed + 1))
    echo "FAIL $1: $2"
    sed 's/^/    err: /' err 2>/dev/null | head -n 8
}

# same NAME WANT GOT
same() {
    if [ "$2" = "$3" ]; then
        good
        return
    fi
    failed=$((failed + 1))
    echo "FAIL $1 (- want, + got)"
    printf '%s\n' "$2" >want
    printf '%s\n' "$3" >got
    diff -u want got | tail -n +4 | head -n 40
}

# holds NAME COMMAND... : the command succeeds
holds() {
    holds_name=$1
    shift
    if "$@"; then good; else bad "$holds_name" "not so: $*"; fi
}

# in_order NAME: a scan's status is one of its own, and no sanitizer spoke
in_order() {
    if [ "$status" -gt 2 ] || grep -q 'Sanitizer\|runtime error' err; then
        bad "$1" "status $status"
    else
        good
    fi
}

# vault_json: the cases of the quarantine
vault_json() { "$spamgear" quarantine --dir "$work/vault" --format json list; }
# restore_all: puts back all that was taken; what was only kept stays where it was
restore_all() {
    vault_json | sed -n 's/.*"id":"\([^"]*\)".*"state":"taken".*/\1/p' >ids
    while read -r id; do
        "$spamgear" quarantine --dir "$work/vault" restore "$id" >/dev/null || echo "$id is not restored"
    done <ids
}

report() {
    echo "$passed passed, $failed failed"
    [ "$failed" = 0 ] && [ "$passed" -gt 0 ]
    exit
}
