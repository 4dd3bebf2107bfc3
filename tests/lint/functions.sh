#!/bin/sh
# Length of functions: none over 60 lines, nine in ten at most 40. The median is aimed at 15
# and told, not enforced.
set -u
cd "$(dirname "$0")/../.." || exit 2
ctags=$(command -v ctags-universal || command -v ctags) || { echo "no ctags"; exit 1; }
list=$(mktemp) || exit 2
trap 'rm -f "$list" "$list.n"' EXIT
find core include applets tests -name '*.[ch]' | sort >"$list"
"$ctags" -L "$list" -x --languages=C --langmap=C:.c.h --c-kinds=f --fields=+ne \
    --_xformat='%{end} %n %F %N' |
    awk '{ print $1 - $2 + 1, $3 ":" $2 ": " $4 }' | sort -n >"$list.n"
awk '
{ n++; lines[n] = $1; if ($1 > 60) { print $2, $3, "has", $1, "lines, more than 60"; failed = 1 } }
END {
    if (!n) { print "no functions found"; exit 1 }
    median = lines[int((n + 1) / 2)]; ninth = lines[int(n * 0.9 + 0.5)]
    printf "%d functions: median %d lines (aim: 15), nine in ten at most %d, longest %d\n",
        n, median, ninth, lines[n]
    if (ninth > 40) { print "nine in ten have more than 40 lines"; failed = 1 }
    exit failed
}' "$list.n"
