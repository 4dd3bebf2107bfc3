#!/bin/sh
# Every defect of the original scanners has a case: the table in docs/scanner.md names it.
set -u
cd "$(dirname "$0")/../.." || exit 2
failed=0
wrong() { echo "$1"; failed=1; }

for defect in $(seq -f 'S%g' 1 20) U10 U11; do
    path=$(sed -n "s/^| $defect |.*\`\([^\`]*\)\` |\$/\1/p" docs/scanner.md)
    [ -n "$path" ] || { wrong "$defect: docs/scanner.md names no case"; continue; }
    [ -f "tests/$path" ] || [ -f "tests/$path/args" ] || wrong "$defect: tests/$path is no case"
done
for dir in tests/cases/full-scan/[su][0-9]*-* tests/cases/runav/[su][0-9]*-*; do
    name=${dir##*/}
    defect=$(printf %s "${name%%-*}" | tr su SU)
    grep -q "^| $defect |" docs/scanner.md || wrong "$dir: there is no such defect"
done
exit $failed
