#!/bin/sh
# The unit of the daemon, with and without its drop-in, and the snippet for logrotate, read by the
# programs that they are for.
set -u
cd "$(dirname "$0")/../.." || exit 2
spamgear=$(readlink -f "${1:?usage: $0 SPAMGEAR-BINARY}")
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
failed=0
wrong() { echo "$*"; failed=1; }
PATH=$PATH:/usr/sbin
for program in systemd-analyze logrotate; do
    command -v $program >/dev/null || { echo "no $program"; exit 1; }
done

unit="spamgear-postlog.service"
sed "s#^ExecStart=[^ ]*#ExecStart=$spamgear#; /^Documentation=/d" packaging/systemd/$unit >"$work/$unit"
verify() { # WHAT
    said=$(systemd-analyze verify "$work/$unit" 2>&1) || said="refused: $said"
    [ -z "$said" ] || wrong "$1: $said"
}

verify "$unit"
mkdir "$work/$unit.d"
sed 's/^User=.*/User=daemon/; s/^Group=.*/Group=daemon/' packaging/systemd/without-reactions.conf \
    >"$work/$unit.d/without-reactions.conf"
verify "with its drop-in"
grep -q '^ExecStart=/usr/local/bin/spamgear postlog$' packaging/systemd/$unit ||
    wrong "$unit: does not start what cmake installs"

install -m 0644 packaging/logrotate/spamgear "$work/logrotate"
said=$(logrotate --state "$work/state" -d "$work/logrotate" 2>&1) || wrong "logrotate: $said"
case $said in *rror:*) wrong "logrotate: $said" ;; esac
exit $failed
