#!/bin/sh
# What full-scan finds in files that are known to be malicious, and in files that are known to be clean.
#
#   sh tests/bench/detect.sh [-s SPAMGEAR] [-b FOLDER] MALICIOUS_LIST BENIGN_LIST
#
# The lists are tab separated: path, SHA-256, collection (or project). Nothing in them is executed.
#   -s SPAMGEAR  the binary (default: the one in $PATH)
#   -b FOLDER    writes there what was missed and which clean files were hit, to look at
# Prints, with all of our own detectors, then without hashes, then without hashes and PHP analysis:
# the share of malicious files that are acted upon and told, for each collection and each family of
# the findings, and the false alarms of each project per 10,000 clean files. docs/detection.md says how
# the numbers there were made. Nothing passes or fails here.
set -eu
usage() { sed -n '2,12s/^# \{0,1\}//p' "$0" >&2; exit 2; }
gear=spamgear folder=
while getopts s:b: option; do
    case $option in
    s) gear=$OPTARG ;;
    b) folder=$OPTARG ;;
    *) usage ;;
    esac
done
shift $((OPTIND - 1))
[ $# -eq 2 ] || usage
top=$(dirname "$(dirname "$(dirname "$(readlink -f "$0")")")")
bad=$1 good=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
export LC_ALL=C TZ=UTC
: >"$work/bench.conf"
export SPAMGEAR_CONFIG="$work/bench.conf"
[ -z "$folder" ] || mkdir -p "$folder"

# What is printed: path [LABEL] [LABEL]...; [NON-CLEANED] at the end: told, never acted upon.
scan() { # NAME, OPTIONS...
    name=$1
    shift
    cut -f 1 "$bad" "$good" | "$gear" full-scan --suspicious --signatures "$top/packaging/rules" --clamav off \
        --no-cache "$@" >"$work/$name.out" 2>"$work/$name.err" || [ $? -le 2 ]
    if grep -v '^TOTAL TIME\|^$' "$work/$name.err" >"$work/told"; then
        echo "  ($(wc -l <"$work/told") lines of trouble; the first: $(head -n 1 "$work/told"))"
    fi
}

rates() { # NAME
    awk -F '\t' -v out="$work/$1.out" -v folder="$folder" -v name="$1" '
    function percent(part, whole) { return sprintf("%5.1f %%", whole ? 100 * part / whole : 0) }
    BEGIN {
        while ((getline line < out) > 0) {
            at = index(line, " [")
            if (!at) continue
            label[substr(line, 1, at - 1)] = substr(line, at + 1)
        }
        OFS = "\t"
    }
    FNR == 1 { list++ }
    {
        hit = ($1 in label) ? (label[$1] ~ /\[NON-CLEANED\]$/ ? 1 : 2) : 0
        n[list]++; of[list, $3]++; names[list, $3] = $3
        told[list] += hit > 0; acted[list] += hit == 2
        told_of[list, $3] += hit > 0; acted_of[list, $3] += hit == 2
        if (list == 1 && hit) {
            m = split(label[$1], part, /\] \[/)
            family = part[2]; gsub(/\[|\].*/, "", family)
            sub(/^(php|asp|jsp|image|js)\./, "&", family)
            families[family]++; acted_family[family] += hit == 2
        }
        if (folder != "" && list == 1 && hit < 2) print $1, label[$1] > (folder "/" name ".missed")
        if (folder != "" && list == 2 && hit) print $1, label[$1] > (folder "/" name ".alarms")
    }
    END {
        printf "  malicious files: %d, acted upon %s, told %s\n", n[1], percent(acted[1], n[1]),
            percent(told[1], n[1])
        sort = "sort"
        for (key in names) if (key ~ ("^1" SUBSEP))
            printf "    %-40s %5d  %s  %s\n", substr(names[key], 1, 40), of[key],
                percent(acted_of[key], of[key]), percent(told_of[key], of[key]) | sort
        close(sort)
        printf "  by the first label\n"
        sort = "sort -k 2,2nr -k 1,1"
        for (family in families)
            printf "    %-40s %5d\n", family, families[family] | sort
        close(sort)
        printf "  clean files: %d; per 10,000: acted upon %.2f (%d), told %.2f (%d)\n", n[2],
            1e4 * acted[2] / n[2], acted[2], 1e4 * told[2] / n[2], told[2]
        sort = "sort"
        for (key in names) if (key ~ ("^2" SUBSEP) && told_of[key])
            printf "    %-40s %5d  acted upon %d, told %d\n", substr(names[key], 1, 40), of[key],
                acted_of[key], told_of[key] | sort
        close(sort)
    }' "$bad" "$good"
}

round() { # NAME, TITLE, OPTIONS...
    round=$1
    printf '\n%s\n' "$2"
    shift 2
    scan "$round" "$@"
    rates "$round"
}
round all "All own detectors"
round no-hashes "Without hashes of known files" --without hashes
round rules "Rules alone" --without hashes --without php
