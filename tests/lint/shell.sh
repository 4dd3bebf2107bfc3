#!/bin/sh
# Every script of the tree, read by shellcheck.
set -u
cd "$(dirname "$0")/../.." || exit 2
command -v shellcheck >/dev/null || { echo "no shellcheck"; exit 1; }
# SC2016: awk programs and grep patterns stand in single quotes on purpose.
# tests/servers is checked as bash, but run by sh, which has no ${x//a/b} (SC2001). Its files source
# each other: SC2154 and SC2034 cannot see across them.
find .ci tests packaging -type f ! -path '*/corpus/*' ! -path '*/files/*' ! -path 'tests/servers/*' \
    \( -name '*.sh' -o -path '.ci/run' -o -name spamgear-nis \) -exec shellcheck -s sh -e SC1091,SC2016 {} + &&
    find tests/servers -name '*.sh' -exec shellcheck -s bash -e SC1091,SC2001,SC2016,SC2034,SC2154 {} +
