#!/bin/sh
# The rooms of the house: nothing else stands at the top, in core/ or in include/, every module
# of core has its header, and applets.def names every applet, sorted.
set -u
cd "$(dirname "$0")/../.." || exit 2
failed=0
wrong() { echo "$1"; failed=1; }

for entry in * .[!.]*; do
    case $entry in
    CMakeLists.txt | README.md | LICENSE | applets | core | include | tests | docs | packaging) ;;
    .clang-format | .gitignore | .git | .ci | build | build-*) ;;
    *) wrong "$entry: has no room at the top" ;;
    esac
done
for dir in core/* include/spamgear/*; do
    case ${dir##*/} in
    base | cli | match | net | log | php | sender | scan | store | react | report | check) ;;
    *) wrong "$dir: is no layer" ;;
    esac
done
for header in include/spamgear/*/*.h; do
    name=${header#include/spamgear/}
    guard=SPAMGEAR_$(printf '%s' "$name" | tr 'a-z/.' 'A-Z__')
    grep -qx "#ifndef $guard" "$header" || wrong "$header: its guard is not $guard"
done
ids=$(sed -n 's/^APPLET(\([a-z0-9_]*\)).*/\1/p' applets/applets.def)
[ "$ids" = "$(printf '%s\n' "$ids" | LC_ALL=C sort -u)" ] || wrong "applets.def: not sorted"
for source in applets/*.c; do
    id=$(basename "$source" .c)
    [ "$id" = main ] || printf '%s\n' "$ids" | grep -qx "$id" || wrong "$source: not in applets.def"
done
for id in $ids; do
    name=$(printf '%s' "$id" | tr _ -)
    set -- tests/cases/"$name"/*/args
    [ -f "$1" ] || wrong "applets/$id.c: no case in tests/cases/$name"
done
exit $failed
