#!/bin/sh
# The unit of the daemon, with and without its drop-in, and the snippet for logrotate, read by the
# programs that they are for, as far as these are on the machine.
set -u
cd "$(dirname "$0")/../.." || exit 2
spamgear=$(readlink -f "${1:?usage: $0 SPAMGEAR-BINARY}")
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
failed=0
wrong() { echo "$*"; failed=1; }

unit="spamgear-postlog.service"
sed "s#^ExecStart=[^ ]*#ExecStart=$spamgear#; /^Documentation=/d" packaging/systemd/$unit >"$work/$unit"
verify() { # WHAT
    said=$(systemd-analyze verify "$work/$unit" 2>&1) || said="refused: $said"
    [ -z "$said" ] || wrong "$1: $said"
}

if command -v systemd-analyze >/dev/null; then
    verify "$unit"
    mkdir "$work/$unit.d"
    sed 's/^User=.*/User=daemon/; s/^Group=.*/Group=daemon/' packaging/systemd/without-reactions.conf \
        >"$work/$unit.d/without-reactions.conf"
    verify "with its drop-in"
fi
grep -q '^ExecStart=/usr/local/bin/spamgear postlog$' packaging/systemd/$unit ||
    wrong "$unit: does not start what cmake installs"

if command -v logrotate >/dev/null || [ -x /usr/sbin/logrotate ]; then
    PATH=$PATH:/usr/sbin
    install -m 0644 packaging/logrotate/spamgear "$work/logrotate"
    said=$(logrotate --state "$work/state" -d "$work/logrotate" 2>&1) || wrong "logrotate: $said"
    case $said in *rror:*) wrong "logrotate: $said" ;; esac
fi
exit $failed
