#!/bin/bash
# fetch.sh [FOLDER] - unpack the servers that the tests talk to, without installing them.
#
# Default folder: $SPAMGEAR_SERVERS, else /var/cache/spamgear-tests/servers. It is kept
# between runs; a run that finds everything in place costs nothing. Packages come from the
# apt sources of this machine. Status 1, with the reason, when a server cannot be had.
set -euo pipefail

folder=${1:-${SPAMGEAR_SERVERS:-/var/cache/spamgear-tests/servers}}
packages=(postfix dovecot-core exim4-daemon-light rsyslog systemd-journal-remote php8.2-cli)
stamp=$folder/.complete

[ "$(cat "$stamp" 2>/dev/null)" = "${packages[*]}" ] && exit 0

mkdir -p "$folder"
exec 9>"$folder/.lock"
flock 9
[ "$(cat "$stamp" 2>/dev/null)" = "${packages[*]}" ] && exit 0

debs=$(mktemp -d)
trap 'rm -rf "$debs"' EXIT
chmod 755 "$debs" # apt fetches as the user _apt when that one can write here
! id _apt >/dev/null 2>&1 || chown _apt "$debs"
cd "$debs"
apt-get -qq download "${packages[@]}" ||
    { apt-get -qq update && apt-get -qq download "${packages[@]}"; } ||
    { echo "fetch.sh: cannot download ${packages[*]}" >&2; exit 1; }
for deb in *.deb; do
    dpkg -x "$deb" "$folder"
done
# Nothing here may run with more rights than its caller.
find "$folder" -xdev -type f -perm /6000 -exec chmod ug-s {} +
echo "${packages[*]}" >"$stamp"
