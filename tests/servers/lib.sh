# lib.sh - what the server tests share; sourced by a script whose argument is the spamgear
# binary.
#
# Every server runs below one temporary folder, on loopback and on ports that were free
# when the test began, as a child of the test: when the test ends, however it ends, the
# servers are stopped and the folder is removed. Nothing of the machine's own mail system
# is read or written, and no account is made: the servers run as news and nobody. Besides
# what fetch.sh and `packages` bring, only essential packages of Debian are needed (the
# SMTP client is perl-base). With SPAMGEAR_KEEP=1 the folder stays, to look at the logs.
#
# shellcheck shell=sh disable=SC2034
set -u

: "${1:?usage: $0 SPAMGEAR-BINARY}"
: "${servers_dir:=$(cd "$(dirname "$0")" && pwd)}" # set by a script that stands elsewhere
cache=${SPAMGEAR_SERVERS:-/var/cache/spamgear-tests/servers}
passed=0
failed=0
children=
work=
export LC_ALL=C

give_up() {
    echo "FAIL $*" >&2
    echo "$passed passed, $((failed + 1)) failed"
    exit 1
}

# --- life and death -------------------------------------------------------------------

# lives GROUP: is a process of this group alive? (kill -0 sees the dead until init has reaped
# them, which in a container takes its time.)
lives() {
    cat /proc/[0-9]*/stat 2>/dev/null | awk -v group="$1" '
        { sub(/^.*\) /, "") }
        $1 != "Z" && $3 == group { alive = 1 }
        END { exit !alive }'
}

# stop PID: ends a server and all that it started; 3 seconds to do it in good order
stop() {
    kill -TERM "-$1" 2>/dev/null
    wait "$1" 2>/dev/null # only the shell of start(), which ends at once
    tries=30
    while [ $tries -gt 0 ] && lives "$1"; do
        sleep 0.1
        tries=$((tries - 1))
    done
    kill -KILL "-$1" 2>/dev/null
}

stop_all() {
    for pid in $children; do
        stop "$pid"
    done
    children=
}

finish() {
    status=$?
    trap - EXIT
    stop_all
    cd /
    if [ -n "${SPAMGEAR_KEEP:-}" ]; then
        echo "kept: $work" >&2
    else
        rm -rf "$work"
    fi
    exit "$status"
}

[ "$(id -u)" = 0 ] || give_up "the servers need root"
[ -x "$1" ] || give_up "$1 is not there"
spamgear=$(realpath "$1")
sh "$servers_dir/fetch.sh" "$cache" || give_up "no servers in $cache"
work=$(mktemp -d) || give_up "no temporary folder"
trap finish EXIT
trap 'exit 1' INT TERM HUP
chmod 711 "$work" # servers that drop their rights must get through
cd "$work" || exit 1
cat >none.conf <<END || exit 1 # what a run without --config goes by: nothing of the machine's own
[react]
state = $work/state
[mail]
spool =
sendmail = /nonexistent/sendmail
[emergency]
spool =
END
export SPAMGEAR_CONFIG="$work/none.conf"

# start LOG COMMAND... : runs a server in its own process group; its own messages go to LOG.
# A shell stands between, to end the group when the test dies without a chance to clean up:
# the kernel forgets the parent-death signal of a process that changes its user. Sets $started.
start() {
    start_log=$1
    shift
    setsid setpriv --pdeathsig TERM sh -c 'trap "trap - TERM; kill -TERM 0" TERM; "$@" & wait' \
        start "$@" >"$start_log" 2>&1 </dev/null &
    started=$!
    children="$started $children"
}

# wait_for WHAT COMMAND... : until the command succeeds, at most 20 seconds
wait_for() {
    waiting_for=$1
    shift
    tries=200
    until "$@" >/dev/null 2>&1; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || break
        sleep 0.1
    done
    [ $tries -gt 0 ] && return
    tail -n 20 "$work"/*.out >&2
    give_up "gave up waiting for $waiting_for"
}

listens() { perl "$servers_dir/smtp.pl" --probe "$1" "$2"; }
free_ports() { perl "$servers_dir/smtp.pl" --free "$1" || give_up "no free ports"; }

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
    printf '%s\n' "$2" >"$work/want"
    printf '%s\n' "$3" >"$work/got"
    diff -u "$work/want" "$work/got" | tail -n +4
}

# check NAME WANT APPLET ARGUMENT... : the checker's whole answer must be the table WANT
# (see senders.pl)
check() {
    check_name=$1
    want=$(printf '%s\n' "$2" | sort)
    shift 2
    timeout 60 "$spamgear" "$@" --all --format json >"$work/answer" 2>"$work/complaint"
    status=$?
    same "$check_name" "$want" "$(perl "$servers_dir/senders.pl" "$work/answer")"
    same "$check_name: status and complaints" "0 " "$status $(cat "$work/complaint")"
}

report() {
    echo "$passed passed, $failed failed"
    [ "$failed" = 0 ] && [ "$passed" -gt 0 ]
    exit
}
