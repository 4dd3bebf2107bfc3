#!/bin/sh
# Writes what is derived from the declarations of the applets: manual pages, completions, and
# the sample config. They are committed, for packagers and readers.
#
#   sh packaging/generate.sh [BINARY [DIR]]
#
# BINARY is a spamgear (default build/spamgear); DIR gets docs/man, packaging/completions and
# packaging/spamgear.conf.sample (default: this checkout). Pages of applets that are gone are
# removed. An old name gets a page that leads to that of the applet.
set -eu
top=$(dirname "$(dirname "$(readlink -f "$0")")")
binary=${1:-$top/build/spamgear}
out=${2:-$top}
man=$out/docs/man
completions=$out/packaging/completions

[ -x "$binary" ] || {
    echo "generate: $binary: no such program; build it, or name it" >&2
    exit 2
}
mkdir -p "$man" "$completions"
rm -f "$man"/*.1

"$binary" --man spamgear >"$man/spamgear.1"
list=$("$binary" --list)
echo "$list" | while read -r name aliases _; do
    page=$name
    "$binary" --man "$name" >"$man/$name.1"
    if grep -q '^\.TH SPAMGEAR-' "$man/$name.1"; then # a word of spamgear, no command
        page=spamgear-$name
        mv "$man/$name.1" "$man/$page.1"
    fi
    for alias in $(echo "$aliases" | tr ',' ' '); do
        [ "$alias" = - ] || echo ".so man1/$page.1" >"$man/$alias.1"
    done
done
"$binary" --completion bash >"$completions/spamgear.bash"
"$binary" --completion zsh >"$completions/_spamgear"
"$binary" --sample-config >"$out/packaging/spamgear.conf.sample"
