#!/bin/sh
# Do the checks themselves still find what they are for? Each is run on a small tree that
# breaks its rule, and must fail there and name the place; so is the runner of the golden cases.
set -u
top=$(dirname "$(dirname "$(dirname "$(readlink -f "$0")")")")
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
mkdir "$work/tree" && cd "$work/tree" || exit 2
failed=0

# A tree in which nothing is wrong.
mkdir -p core/base core/log include/spamgear/base include/spamgear/log applets docs packaging .ci
mkdir -p tests/servers tests/cases/one/case
cp -R "$top/tests/lint" tests/
cp "$top/.clang-format" .
printf '#ifndef SPAMGEAR_BASE_A_H\n#define SPAMGEAR_BASE_A_H\n#endif\n' >include/spamgear/base/a.h
printf '#ifndef SPAMGEAR_LOG_B_H\n#define SPAMGEAR_LOG_B_H\n#endif\n' >include/spamgear/log/b.h
printf '#include "spamgear/base/a.h"\n\nint a(void)\n{\n    return 1;\n}\n' >core/base/a.c
cp core/base/a.c core/log/b.c
cp core/base/a.c applets/one.c
printf 'APPLET(one)\n' >applets/applets.def
: >tests/cases/one/case/args
printf '#!/bin/sh\nexit 0\n' >.ci/run
printf '#!/bin/bash\nexit 0\n' >tests/servers/one.sh

# finds CHECK FILE TEXT PATTERN: with TEXT in FILE the check fails and says PATTERN.
finds() {
    cp "$2" ../kept 2>/dev/null || : >../absent
    printf '%b' "$3" >"$2"
    if sh "tests/lint/$1.sh" >../said 2>&1; then
        echo "$1 does not mind: $3"
        failed=1
    elif ! grep -q -e "$4" ../said; then
        echo "$1 does not say \"$4\", but:"
        cat ../said
        failed=1
    fi
    if [ -f ../absent ]; then rm "$2" ../absent; else mv ../kept "$2"; fi
}

# passes CHECK: nothing is wrong in the tree as it is.
passes() {
    sh "tests/lint/$1.sh" >../said 2>&1 && return
    echo "$1 fails where nothing is wrong:"
    cat ../said
    failed=1
}

for check in layers libraries functions format forbidden shell tree; do
    passes $check
done
finds layers core/base/a.c '#include "spamgear/log/b.h"\n' 'base includes log'
finds layers core/log/b.c '#include "spamgear/cli/x.h"\n' 'log includes cli'
finds layers core/log/b.c '#include "../base/x.h"\n' 'neither'
finds layers include/spamgear/base/a.h '#  include  "spamgear/log/b.h"\n' 'base includes log'
printf '#include <zlib.h>\n' >core/base/z.c
finds libraries core/log/b.c '#include <zlib.h>\n' 'zlib.h is included by core/base/z.c too'
finds libraries include/spamgear/log/b.h '#include <zstd.h>\n' 'included by a header'
rm core/base/z.c
finds functions core/base/a.c "int a(void)\n{\n$(printf '%061d' 0 | sed 's/0/    ;\\n/g')}\n" 'more than 60'
finds format core/base/a.c 'int  a;\n' 'core/base/a.c:1'
finds forbidden core/base/a.c '/* */ char *t = "/tmp/x";\n' 'fixed names'
finds forbidden core/base/a.c 'int a(void)\n{\n    /* gets( */ return system("x");\n}\n' 'core/base/a.c:3'
finds forbidden core/base/a.c 'int a(void)\n{\n    return localtime_r(t, tm);\n}\n' 'local time'
finds forbidden docs/x.md "later: TO""DO\n" 'unfinished'
finds forbidden docs/x.md "see $PWD/x\n" 'this checkout'
finds shell packaging/x.sh '#!/bin/sh\nrm $1\n' 'SC2086'
finds tree NEWS 'x\n' 'NEWS: has no room'
finds tree applets/two.c 'x\n' 'not in applets.def'
finds tree applets/applets.def 'APPLET(two)\nAPPLET(one)\n' 'not sorted'
finds tree include/spamgear/base/a.h '#ifndef A_H\n#endif\n' 'guard'

# The golden runner: right, then wrong in each of the three.
cd .. || exit 2
mkdir -p cases/echo/case
printf '#!/bin/sh\nshift\necho "$@"\ncat\necho bad >&2\nexit 3\n' >program
chmod +x program
printf 'one word\n@TMP@/x' >cases/echo/case/args
printf 'one word @TMP@/x\nin\n' >cases/echo/case/stdout
printf 'in\n' >cases/echo/case/stdin
printf 'bad\n' >cases/echo/case/stderr
echo 3 >cases/echo/case/status
runner() { sh "$top/tests/cases/run.sh" "$work/program" "$1" >said 2>&1; }
runner cases/echo || { echo "the golden runner fails where nothing is wrong:"; cat said; failed=1; }
for file in stdout stderr status; do
    mv cases/echo/case/$file kept
    ! runner cases/echo || { echo "the golden runner does not compare $file"; failed=1; }
    mv kept cases/echo/case/$file
done
mkdir empty
! runner empty || { echo "the golden runner passes a folder without cases"; failed=1; }
exit $failed
