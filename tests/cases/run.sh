#!/bin/sh
# Runs golden cases: sh tests/cases/run.sh BINARY DIR [CASE...]
#
# DIR is tests/cases/<applet>; each folder in it is one case:
#   args      one argument a line; @DIR@ is the case's folder, @TMP@ a fresh folder
#   program   the name it is called by through a symbolic link (an alias); without it the
#             call is `spamgear <applet> ARGS`, and `spamgear ARGS` in the folder "spamgear"
#   stdin     fed to standard input; without it that is empty. What setup.sh leaves in
#             @TMP@/stdin counts too
#   files/    copied into @TMP@, which is the working directory
#   env       NAME=value lines, @DIR@ and @TMP@ replaced; nothing else is inherited but
#             the sanitizers' options. TZ=UTC, LC_ALL=C unless said otherwise here.
#             SPAMGEAR_CONFIG is a file by which cases are kept in @TMP@/state, accounts are
#             those of @TMP@/etc, no mail waits anywhere, and neither sendmail nor ssh is
#             there: the machine's own config has no say, and nothing of the machine is changed
#   setup.sh  run by sh in @TMP@ before (sets times, makes a FIFO, compresses); $BINARY is spamgear
#   stdout stderr status   what is expected: all three are compared; absent = empty, 0.
#             In both texts the two folders read @DIR@ and @TMP@ again
#   contains  lines that must be in standard output, which then is not compared as a whole
#             (help texts, which change with every option)
#   after/    files that must stand in @TMP@ afterwards with these bytes
#   absent    paths, one a line, that must not be there afterwards
#
# UPDATE=1 writes what came out as what is expected; read the change before you keep it.
# Prints "N passed, N failed"; a folder without any case fails.
set -u

[ $# -ge 2 ] || { echo "usage: run.sh BINARY DIR [CASE...]" >&2; exit 2; }
binary=$(readlink -f "$1") && dir=$(readlink -f "$2") || exit 2
shift 2
applet=$(basename "$dir")
work=$(mktemp -d) || exit 2
trap 'chmod -R u+rwX "$work" 2>/dev/null; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
umask 022
passed=0 failed=0

# What becomes of @DIR@ and @TMP@ in a text of the case, and back again.
expand() { sed -e "s|@DIR@|$case|g" -e "s|@TMP@|$tmp|g"; }
# Nor does it matter how long a scan took, and what the kernel of the day offers.
collapse() {
    sed -e "s|$tmp|@TMP@|g" -e "s|$case|@DIR@|g" -e "s|$work/none.conf|@CONFIG@|g" \
        -e 's/^TOTAL TIME: .*/TOTAL TIME: .../' \
        -e 's/\(in force in the workers*: \).*[^ ].*/\1.../' -e 's/"milliseconds":[0-9]*/"milliseconds":N/'
}

prepare() {
    tmp=$work/tmp
    chmod -R u+rwX "$tmp" 2>/dev/null
    rm -rf "$tmp" "${work:?}/bin"
    mkdir "$tmp" "$work/bin"
    cat >"$work/none.conf" <<END
[react]
state = $tmp/state
passwd-root = $tmp
ssh = /nonexistent/ssh
[mail]
spool =
sendmail = /nonexistent/sendmail
[emergency]
spool =
END
    [ ! -d "$case/files" ] || cp -R "$case/files/." "$tmp/"
    [ ! -f "$case/setup.sh" ] || (cd "$tmp" && TZ=UTC LC_ALL=C DIR=$case BINARY=$binary sh "$case/setup.sh")
}

# Sets the positional parameters to the whole command and runs it.
execute() {
    set -- TZ=UTC LC_ALL=C "PATH=$PATH" "HOME=$tmp" "SPAMGEAR_CONFIG=$work/none.conf" \
        "ASAN_OPTIONS=${ASAN_OPTIONS:-}" "UBSAN_OPTIONS=${UBSAN_OPTIONS:-}" \
        "TSAN_OPTIONS=${TSAN_OPTIONS:-}" "LSAN_OPTIONS=${LSAN_OPTIONS:-}"
    if [ -f "$case/env" ]; then
        expand <"$case/env" >"$work/env"
        while IFS= read -r word || [ -n "$word" ]; do
            [ -z "$word" ] || set -- "$@" "$word"
        done <"$work/env"
    fi
    if [ -f "$case/program" ]; then
        read -r name <"$case/program"
        ln -s "$binary" "$work/bin/$name"
        set -- "$@" "$work/bin/$name"
    elif [ "$applet" = spamgear ]; then
        set -- "$@" "$binary"
    else
        set -- "$@" "$binary" "$applet"
    fi
    if [ -f "$case/args" ]; then
        expand <"$case/args" >"$work/args"
        while IFS= read -r word || [ -n "$word" ]; do
            set -- "$@" "$word"
        done <"$work/args"
    fi
    input=/dev/null
    [ ! -f "$tmp/stdin" ] || input=$tmp/stdin
    [ ! -f "$case/stdin" ] || input=$case/stdin
    (cd "$tmp" && timeout -k 5 120 env -i "$@" <"$input" >"$work/out" 2>"$work/err")
    echo $? >"$work/status"
    collapse <"$work/out" >"$work/stdout"
    collapse <"$work/err" >"$work/stderr"
}

# Compares one expectation; writes the difference to $work/diff.
compare() { # NAME WHAT-IS-EXPECTED-WHEN-THE-FILE-IS-ABSENT
    want=$case/$1
    if [ ! -f "$want" ]; then
        want=$work/absent
        printf '%s' "$2" >"$want"
    fi
    cmp -s "$want" "$work/$1" ||
        diff -a -u -L "want $1" -L "got $1" "$want" "$work/$1" >>"$work/diff"
}

# Every line of the file `contains` must be a line of the output; blanks around do not matter.
compare_contained() {
    sed 's/^ *//; s/ *$//' "$work/stdout" >"$work/trimmed"
    while IFS= read -r line || [ -n "$line" ]; do
        grep -qxF -e "$line" "$work/trimmed" || echo "not in stdout: $line" >>"$work/diff"
    done <"$case/contains"
}

compare_stdout() {
    if [ -f "$case/contains" ]; then
        compare_contained
    else
        compare stdout ''
    fi
}

compare_after() {
    [ -d "$case/after" ] || return 0
    (cd "$case/after" && find . -type f) >"$work/names"
    while IFS= read -r name; do
        cmp -s "$case/after/$name" "$tmp/$name" ||
            diff -a -u -N -L "want $name" -L "got $name" "$case/after/$name" "$tmp/$name" \
                >>"$work/diff"
    done <"$work/names"
}

check_absent() {
    [ -f "$case/absent" ] || return 0
    expand <"$case/absent" >"$work/names"
    while IFS= read -r name; do
        [ ! -e "$name" ] && [ ! -L "$name" ] || echo "must not be there: $name" >>"$work/diff"
    done <"$work/names"
}

update() {
    for name in stdout stderr; do
        rm -f "$case/$name"
        [ ! -s "$work/$name" ] || cp "$work/$name" "$case/$name"
    done
    [ ! -f "$case/contains" ] || rm -f "$case/stdout"
    rm -f "$case/status"
    [ "$(cat "$work/status")" = 0 ] || cp "$work/status" "$case/status"
    [ ! -d "$case/after" ] || (cd "$case/after" && find . -type f) | while IFS= read -r name; do
        cp "$tmp/$name" "$case/after/$name"
    done
}

one_case() {
    case=$1
    prepare
    execute
    [ -z "${UPDATE:-}" ] || update
    : >"$work/diff"
    compare_stdout
    compare stderr ''
    compare status '0
'
    compare_after
    check_absent
    if [ -s "$work/diff" ]; then
        failed=$((failed + 1))
        echo "FAIL $applet/$(basename "$case")"
        sed 's/^/    /' "$work/diff"
    else
        passed=$((passed + 1))
    fi
}

if [ $# -eq 0 ]; then
    for folder in "$dir"/*/; do
        [ -d "$folder" ] && set -- "$@" "$(basename "$folder")"
    done
fi
for name in "$@"; do
    if [ -f "$dir/$name/args" ] || [ -f "$dir/$name/program" ]; then
        one_case "$dir/$name"
    else
        failed=$((failed + 1))
        echo "FAIL $applet/$name: no file args"
    fi
done
echo "$applet: $passed passed, $failed failed"
[ "$passed" -gt 0 ] && [ "$failed" -eq 0 ]
