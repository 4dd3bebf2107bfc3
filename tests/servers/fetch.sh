#!/bin/sh
# fetch.sh [FOLDER] - unpack the servers that the tests talk to, without installing them.
#
# Default folder: $SPAMGEAR_SERVERS, else /var/cache/spamgear-tests/servers. It is kept
# between runs; a run that finds everything in place costs nothing. Packages come from the
# apt sources of this machine. Status 1, with the reason, when a server cannot be had.
set -eu

folder=${1:-${SPAMGEAR_SERVERS:-/var/cache/spamgear-tests/servers}}
packages="postfix dovecot-core exim4-daemon-light rsyslog systemd-journal-remote php8.2-cli
    clamav-daemon mariadb-server-core mariadb-client-core postgresql-15 postgresql-client-15
    rbldnsd openssh-server python3-aiosmtpd python3-attr python3-public postfix-sqlite
    postfix-lmdb postfix-mysql postfix-pgsql fail2ban"

# What is not unpacked yet, so that one more server costs one more download.
missing() {
    had=$(cat "$folder/.complete" 2>/dev/null) || had=
    for package in $packages; do
        case " $had " in
        *" $package "*) ;;
        *) printf '%s ' "$package" ;;
        esac
    done
}

# shellcheck disable=SC2046  # a list of words
download() { apt-get -qq -o APT::Sandbox::User=root download $(missing); }

[ -n "$(missing)" ] || exit 0
mkdir -p "$folder"
exec 9>"$folder/.lock"
flock 9
[ -n "$(missing)" ] || exit 0

debs=$(mktemp -d)
trap 'rm -rf "$debs"' EXIT
cd "$debs"
download || { apt-get -qq update && download; } ||
    { echo "fetch.sh: cannot download $(missing)" >&2; exit 1; }
for deb in *.deb; do
    dpkg -x "$deb" "$folder"
done
# Nothing here may run with more rights than its caller.
find "$folder" -xdev -type f -perm /6000 -exec chmod ug-s {} +
# shellcheck disable=SC2086  # in one line
echo $packages >"$folder/.complete"
