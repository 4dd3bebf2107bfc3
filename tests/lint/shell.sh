#!/bin/sh
# Every script of the tree, read by shellcheck.
set -u
cd "$(dirname "$0")/../.." || exit 2
command -v shellcheck >/dev/null || { echo "no shellcheck"; exit 1; }
# SC2016: awk programs and grep patterns stand in single quotes on purpose.
find .ci tests packaging -type f ! -path '*/corpus/*' ! -path '*/files/*' \
    \( -name '*.sh' -o -path '.ci/run' \) -exec shellcheck -s sh -e SC1091,SC2016 {} +
