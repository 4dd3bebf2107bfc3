#!/bin/sh
# Generated mail logs with content filters, through the joiner: every bad message is told once, with
# its client, sender, verdict, score and victims, and nothing else is.
#   sh tests/truth/threads_test.sh SPAMGEAR
set -u
replay=$(dirname "$(readlink -f "$1")")/thread_replay
cd "$(dirname "$0")/../.." || exit 2
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
failed=0

try() {
    python3 tests/tools/mail_threads.py --messages 3000 --truth "$work/truth" "$@" >"$work/log" ||
        { echo "$*: no log"; exit 1; }
    "$replay" "$work/log" 1795400000 2>"$work/counts" | sort >"$work/told"
    sort "$work/truth" >"$work/want"
    [ -s "$work/want" ] || { echo "$*: nothing to tell"; failed=1; }
    cmp -s "$work/told" "$work/want" && return
    echo "$*: what is told (<) and what is true (>):"
    diff "$work/told" "$work/want" | head -20
    cat "$work/counts"
    failed=1
}

try --filter mixed --seed 1
try --filter mixed --seed 2 --long-ids
try --filter mixed --seed 3 --stamp rfc3339 --rate 500
try --filter amavis --seed 4 --spam 0.6
try --filter spamd --seed 5 --spam 0.6
try --filter rspamd --seed 6 --spam 0.6 --start '2025-12-31 23:59:00'
exit $failed
