#!/bin/sh
# What is generated is as it would be generated now, and right in its own language: manual pages
# (mandoc), completions (bash, and zsh where there is one), and the sample config, as it stands
# and with every default switched on. FIX=1 generates anew.
#
#   sh tests/lint/fresh.sh BINARY
set -u
cd "$(dirname "$0")/../.." || exit 2
binary=$(readlink -f "${1:?a spamgear}")
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
failed=0
fail() {
    echo "$*"
    failed=1
}

[ -z "${FIX:-}" ] || sh packaging/generate.sh "$binary" || exit 1
sh packaging/generate.sh "$binary" "$work" || exit 1
for path in docs/man packaging/completions packaging/spamgear.conf.sample; do
    diff -r -u "$path" "$work/$path" ||
        fail "$path is not fresh: sh packaging/generate.sh BINARY"
done

for page in "$work"/docs/man/*.1; do
    read -r first <"$page"
    case $first in
    .so\ *) [ -f "$work/docs/man/${first#.so man1/}" ] || fail "$page leads nowhere" ;;
    *) mandoc -T lint -W warning "$page" || fail "$page: mandoc complains" ;;
    esac
done

# Every option of every applet must be in its page: the short help is the witness.
for name in $("$binary" --list | cut -d ' ' -f 1); do
    "$binary" "$name" --help >"$work/help" || fail "$name --help fails"
    "$binary" --man "$name" | sed 's/\\-/-/g; s/\\f[BIR]//g' >"$work/page"
    grep -o -e '^  [ -].*--[a-z0-9-]*' "$work/help" | grep -o -e '--[a-z0-9-]*' >"$work/options"
    [ -s "$work/options" ] || fail "$name --help shows no options"
    while read -r option; do
        grep -q -e "$option\b" "$work/page" || fail "$name: $option is not in the manual"
    done <"$work/options"
done

"$binary" check-config "$work/packaging/spamgear.conf.sample" >/dev/null || fail "the sample is wrong"
# Defaults alone: a key whose value is a word in capitals shows what belongs there.
sed -n -e '/^\[/p' -e '/^#[a-z0-9-]* = .*[A-Z]/d' -e 's/^#\([a-z0-9-]* = \)/\1/p' \
    "$work/packaging/spamgear.conf.sample" >"$work/defaults.conf"
sed -i '/^\[limits\]/,$d' "$work/defaults.conf"
"$binary" check-config "$work/defaults.conf" >/dev/null || fail "a default of the sample is refused"

offers() { # WORD... : what bash would offer for the last word
    bash -c '. "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _spamgear 2>/dev/null
             echo "${COMPREPLY[*]}"' "$work/packaging/completions/spamgear.bash" "$@"
}
expect() { # WANTED WORD...
    want=$1
    shift
    got=$(offers "$@")
    case " $got " in
    *" $want "*) ;;
    *) fail "completing '$*': '$want' is not among '$got'" ;;
    esac
}
expect check-config spamgear check
expect --list spamgear --li
expect zsh spamgear --completion z
expect zsh spamgear --completion = z
expect check-config spamgear --man ch
expect --config spamgear check-config --con
expect tests spamgear --install te
expect README.md spamgear check-config READ
expect README.md spamgear check-config --config READ
if command -v zsh >/dev/null; then
    zsh -n "$work/packaging/completions/_spamgear" || fail "zsh does not read its completion"
fi
exit $failed
