# lib.sh - what the server tests share; sourced, needs bash.
#
# Every server runs below one temporary folder, on loopback and on ports that were free
# when the test began, as a child of the test: when the test ends, however it ends, the
# servers are stopped and the folder is removed. Nothing of the machine's own mail system
# is read or written. Besides what fetch.sh and `packages` bring, only essential packages
# of Debian are needed (the SMTP client is perl-base).
set -u

spamgear=${1:?usage: $0 SPAMGEAR-BINARY}
servers_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${SPAMGEAR_SERVERS:-/var/cache/spamgear-tests/servers}
passed=0
failed=0
children=()

give_up() {
    echo "FAIL $*" >&2
    echo "$passed passed, $((failed + 1)) failed"
    exit 1
}

# --- life and death -------------------------------------------------------------------

stop_all() {
    local pid tries
    for pid in "${children[@]}"; do
        kill -TERM -- "-$pid" 2>/dev/null
    done
    for pid in "${children[@]}"; do
        for ((tries = 0; tries < 30; tries++)); do
            kill -0 -- "-$pid" 2>/dev/null || break
            sleep 0.1
        done
        kill -KILL -- "-$pid" 2>/dev/null
        wait "$pid" 2>/dev/null
    done
    children=()
}

finish() {
    local status=$?
    trap - EXIT
    stop_all
    if [ -n "${SPAMGEAR_KEEP:-}" ]; then
        echo "kept: $work" >&2
    else
        rm -rf "$work"
    fi
    exit "$status"
}

[ "$(id -u)" = 0 ] || give_up "the servers need root"
[ -x "$spamgear" ] || give_up "$spamgear is not there"
spamgear=$(realpath "$spamgear")
[ -e "$cache/.complete" ] || give_up "no servers in $cache: run tests/servers/fetch.sh"
work=$(mktemp -d) || give_up "no temporary folder"
chmod 711 "$work" # servers that drop their rights must get through
trap finish EXIT
trap 'exit 1' INT TERM HUP
cd "$work" || exit 1
export LC_ALL=C

# start LOG COMMAND... : runs a server in its own process group; its own messages go to LOG.
# It gets a SIGTERM when this shell dies without a chance to clean up.
start() {
    local log=$1
    shift
    setsid setpriv --pdeathsig TERM "$@" >"$log" 2>&1 </dev/null &
    children+=($!)
}

# wait_for WHAT COMMAND... : until the command succeeds, at most 20 seconds
wait_for() {
    local what=$1 tries
    shift
    for ((tries = 0; tries < 200; tries++)); do
        "$@" >/dev/null 2>&1 && return 0
        sleep 0.1
    done
    tail -n 20 "$work"/*.out >&2
    give_up "gave up waiting for $what"
}

listens() { perl "$servers_dir/smtp.pl" --probe "$1" "$2"; }
free_ports() { perl "$servers_dir/smtp.pl" --free "$1"; }
has_line() { grep -q -- "$2" "$1"; }

# smtp SERVER PORT LOCAL-ADDRESS <script: see smtp.pl
smtp() { perl "$servers_dir/smtp.pl" "$@" || give_up "SMTP session from $3 to $1:$2"; }

# --- comparing ------------------------------------------------------------------------

# same NAME WANT GOT : two texts, told apart line by line when they differ
same() {
    if [ "$2" = "$3" ]; then
        passed=$((passed + 1))
        return
    fi
    failed=$((failed + 1))
    echo "FAIL $1 (- want, + got)"
    diff -u <(printf '%s\n' "$2") <(printf '%s\n' "$3") | tail -n +3
}

# senders FILE : NDJSON of a checker as a table "kind|sender|messages|recipients|addresses|failed"
senders() { perl "$servers_dir/senders.pl" "$1"; }

# check NAME WANT APPLET ARGUMENT... : the checker's whole answer must be the table WANT
check() {
    local name=$1 want=$2 applet=$3 got status
    shift 3
    "$spamgear" "$applet" "$@" --all --format json >answer 2>complaint
    status=$?
    got=$(senders answer)
    same "$name" "$(sort <<<"$want")" "$got"
    same "$name: status and complaints" "0 " "$status $(cat complaint)"
}

report() {
    echo "$passed passed, $failed failed"
    [ "$failed" = 0 ] && [ "$passed" -gt 0 ]
    exit
}
