#!/bin/sh
# The include rule: a layer includes only itself and layers to its left.
#
#   base < {cli, match, net} < {log, php} < scan < sender < store < react < report < check < applets
#
# Folders in one brace are strangers, and so are log and scan. Core takes settings as plain arguments: it never includes
# cli. Applets include no applet; what stands in applets/shared/ is for all of them.
set -u
cd "$(dirname "$0")/../.." || exit 2
find core include applets -name '*.[ch]' | sort | xargs awk '
BEGIN {
    split("base cli match net log php scan sender store react report check applets", names, " ")
    split("0 1 1 1 2 2 3 4 5 6 7 8 9", ranks, " ")
    for (i in names) rank[names[i]] = ranks[i]
}
FNR == 1 {
    files++
    n = split(FILENAME, part, "/")
    layer = part[1] == "applets" ? "applets" : part[1] == "core" ? part[2] : part[3]
    if (!(layer in rank)) wrong("unknown layer " layer)
}
/^[ \t]*#[ \t]*include[ \t]*"/ {
    split($0, quoted, "\"")
    path = quoted[2]
    n = split(path, p, "/")
    if (p[1] == "spamgear") judge(p[2])
    else if (path == "applets.def" && FILENAME == "applets/main.c") next
    else if (layer == "applets" && path ~ /^(\.\.\/applets\/|applets\/)?(shared\/)?[a-z_]+\.h$/) next
    else if (n == 1 && path ~ /\.(h|def)$/) next
    else wrong("includes " path ", which is neither spamgear/ nor of its own folder")
}
function judge(other) {
    if (!(other in rank)) wrong("includes unknown layer " other)
    else if (other == layer) return
    else if (rank[other] >= rank[layer]) wrong(layer " includes " other)
    else if (other == "cli" && layer != "applets") wrong(layer " includes cli")
    else if (layer == "scan" && other == "log") wrong("scan includes log")
}
function wrong(what) { print FILENAME ":" FNR ": " what; failed = 1 }
END {
    print files + 0 " files"
    exit failed || !files
}'
