#!/bin/sh
# Runs one fuzz target for some seconds: sh tests/fuzz/run.sh TARGET [SECONDS]
#
# Seeds are tests/fuzz/corpus/<target without _fuzz>/; what is found goes to a fresh folder,
# so the checkout stays as it is. A crasher is printed as base64: it becomes a unit case.
set -u
target=$1 seconds=${2:-3}
here=$(dirname "$(readlink -f "$0")")
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
name=$(basename "$target")
mkdir "$work/corpus" "$work/crash"
set -- "$work/corpus"
[ ! -d "$here/corpus/${name%_fuzz}" ] || set -- "$@" "$here/corpus/${name%_fuzz}"
cd "$work" || exit 2
# libFuzzer counts whole seconds and ends behind the last of them; 0 would be no limit.
[ "$seconds" -gt 1 ] || seconds=2
"$target" -max_total_time=$((seconds - 1)) -timeout=20 -rss_limit_mb=1024 -max_len=65536 -len_control=20 \
    -print_final_stats=1 -artifact_prefix="$work/crash/" "$@" >"$work/log" 2>&1
status=$?
if [ $status -ne 0 ]; then
    tail -n 80 "$work/log"
    for input in "$work"/crash/*; do
        [ -f "$input" ] || continue
        echo "$(basename "$input"), base64:"
        base64 "$input" | head -c 20000
    done
    exit 1
fi
grep -E 'stat::number_of_executed_units|stat::new_units_added' "$work/log" || { cat "$work/log"; exit 1; }
