#!/bin/sh
# Every defect of the originals has a case: the tables in docs/scanner.md and docs/daemon.md name it.
set -u
cd "$(dirname "$0")/../.." || exit 2
failed=0
wrong() { echo "$1"; failed=1; }

# The last column of its row names files or cases below tests/, some with a row or function in them
# (FILE:NAME).
named() { # PAGE DEFECT...
    page=$1
    shift
    for defect in "$@"; do
        paths=$(sed -n "s/^| $defect |.*| \([^|]*\) |\$/\1/p" "$page" | tr -d ',`')
        [ -n "$paths" ] || wrong "$defect: $page names no case"
        for path in $paths; do
            row=${path#*:} path=${path%%:*}
            [ "$row" = "$path" ] || grep -q -w -e "$row" "tests/$path" ||
                wrong "$defect: tests/$path has no $row"
            [ -f "tests/$path" ] || [ -f "tests/$path/args" ] || wrong "$defect: tests/$path is no case"
        done
    done
}

# shellcheck disable=SC2046  # lists of words
named docs/scanner.md $(seq -f 'S%g' 1 20) U10 U11
# shellcheck disable=SC2046
named docs/daemon.md $(seq -f 'P%g' 1 21)
for dir in tests/cases/full-scan/[su][0-9]*-* tests/cases/runav/[su][0-9]*-*; do
    name=${dir##*/}
    defect=$(printf %s "${name%%-*}" | tr su SU)
    grep -q "^| $defect |" docs/scanner.md || wrong "$dir: there is no such defect"
done
exit $failed
