#!/bin/sh
# What must not stand in the tree: in the program, calls that run a shell or cannot be bounded,
# and fixed names in /tmp; anywhere, unfinished work, and paths of the machine it was built on.
set -u
cd "$(dirname "$0")/../.." || exit 2
failed=0

# Prints FILE:LINE:code of C files with comments blanked (strings stay).
code_of() {
    awk '
    FNR == 1 { inside = 0 }
    {
        out = ""; line = $0
        while (line != "") {
            if (inside) {
                end = index(line, "*/")
                if (!end) break
                line = substr(line, end + 2); inside = 0
            } else if (match(line, /^("([^"\\]|\\.)*"|\047([^\047\\]|\\.)*\047)/)) {
                out = out substr(line, 1, RLENGTH); line = substr(line, RLENGTH + 1)
            } else if (substr(line, 1, 2) == "/*") { inside = 1; line = substr(line, 3)
            } else if (substr(line, 1, 2) == "//") break
            else { out = out substr(line, 1, 1); line = substr(line, 2) }
        }
        print FILENAME ":" FNR ":" out
    }' "$@"
}

none() { # WHAT PLACES
    [ -n "$2" ] || return 0
    printf '%s:\n%s\n' "$1" "$2"
    failed=1
}

everything() { find CMakeLists.txt README.md applets core include docs packaging tests .ci -type f "$@" 2>/dev/null; }
texts() { everything -print0 | xargs -0 grep -nI "$@"; }

# Words that would match this file itself are written with a bracket.
calls='(^|[^a-zA-Z0-9_])(system|popen|gets|strcpy|strcat|sprintf|vsprintf|tmpnam|tempnam|mktemp|strtok|alloca|atoi|atol)[ ]*\('
code=$(find core include applets -name '*.[ch]' | sort | while IFS= read -r f; do code_of "$f"; done)
[ -n "$code" ] || { echo "no C files found"; exit 1; }
none "calls that are not used here" "$(printf '%s\n' "$code" | grep -E "^[^:]*:[0-9]*:.*$calls")"
# libc has one time zone for the whole process: zone.c alone asks for it, behind its lock.
clocks='(^|[^a-zA-Z0-9_])(localtime|localtime_r|gmtime|gmtime_r|mktime|timegm|ctime|ctime_r|strftime|tzset|setenv|unsetenv|putenv)[ ]*\('
none "local time or changes of the environment outside of core/log/zone.c" \
    "$(printf '%s\n' "$code" | grep -v '^core/log/zone\.c:' | grep -E "^[^:]*:[0-9]*:.*$clocks")"
none "fixed names in /tmp" "$(printf '%s\n' "$code" | grep -E '"/(var/)?tmp')"
none "unfinished work" "$(texts -E 'TO[D]O|FIX[M]E|(^|[^X.-])XX[X]([^X]|$)')"
here=$(pwd)
case $here in
/*/*) none "paths of this checkout" "$(texts -F "$here")" ;;
esac
none "paths of a build machine" "$(texts -E '/home/[a-z]+/(src|git|work|projects)/|/wor[k]/')"
exit $failed
