#!/bin/sh
# Speed and memory of the scanner against other programs on the same files.
#
#   sh tests/bench/scan.sh SPAMGEAR BUILD-FOLDER
#
# SPAMGEAR is the binary as it is shipped; BUILD-FOLDER holds read_files and timeit. As root.
#   DATA=DIR        keeps the trees between runs     RUNS=7   runs of each command, in turns
#   ONLY=WORD       only sections whose name holds the word
#   FILES=8000      how many files the clean list has
#   KNOWN=DIR       fingerprints.txt, backdoors.re and shelldetect.db (as `update-rules` fetches)
#   YARA_WEBSHELLS=FILE, YARA_PMF=FILE   rules of signature-base (its webshell files, joined) and of
#                   php-malware-finder, for the yara rows
#   COLLECTION=DIR  webshells, for the last section; nothing in it is executed
#   CLEAN_LIST=FILE, MALICIOUS_LIST=FILE   paths, one a line, for the sections "goal": every detector
#                   of our own against yara with YARA_WEBSHELLS; nothing is executed
#
# Clean files are those of Debian's packages wordpress, phpmyadmin, roundcube-core, mediawiki,
# dokuwiki and adminer, unpacked, not installed. Peers: yara, clamscan, clamdscan, find, and
# read_files, which only reads. A peer that is not installed is left out and named. Times are
# medians of whole processes with a warm cache; "ratio" is ours by theirs. Nothing passes or fails here.
set -eu

[ $# -ge 2 ] || { sed -n '2,20s/^# \{0,1\}//p' "$0" >&2; exit 2; }
top=$(dirname "$(dirname "$(dirname "$(readlink -f "$0")")")")
gear=$(readlink -f "$1")
reader=$(readlink -f "$2/read_files") timeit=$(readlink -f "$2/timeit")
runs=${RUNS:-7} files=${FILES:-8000}
export TZ=UTC LC_ALL=C
if [ -n "${DATA:-}" ]; then
    data=$(mkdir -p "$DATA" && readlink -f "$DATA")
else
    data=$(mktemp -d)
fi
work=$(mktemp -d) # what is made by this run
clamd=
finish() {
    [ -z "$clamd" ] || kill "$clamd" 2>/dev/null || :
    [ -n "${DATA:-}" ] || rm -rf "$data"
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM
: >"$work/bench.conf"
export SPAMGEAR_CONFIG="$work/bench.conf"

have() { command -v "$1" >/dev/null || { echo "  ($1 is not installed: left out)"; return 1; }; }
section() { # NAME, WHAT: true when it is wanted
    case $1 in *"${ONLY:-}"*) printf '\n%s: %s\n' "$1" "$2" ;; *) return 1 ;; esac
}

# --- the files --------------------------------------------------------------------------

unpack() {
    mkdir -p "$data/debs" "$data/tree"
    for package in wordpress phpmyadmin roundcube-core mediawiki dokuwiki adminer; do
        [ ! -d "$data/tree/$package" ] || continue
        (cd "$data/debs" && apt-get -q download "$package" >/dev/null 2>&1) ||
            { echo "  ($package cannot be fetched: left out)"; continue; }
        mkdir -p "$data/tree/$package"
        dpkg -x "$data/debs/$package"_*.deb "$data/tree/$package"
    done
    find "$data/tree" -type f -name '*.php' | sort | head -n "$files" >"$work/list"
    files=$(wc -l <"$work/list")
    echo "clean list: $("$reader" <"$work/list")"
}

# Signatures: the project's own, and what KNOWN has.
signatures="--signatures $top/packaging/rules"
[ -z "${KNOWN:-}" ] || signatures="$signatures --signatures $(readlink -f "$KNOWN")"

# A small database, for both sides the same: what is compared is the way, not the signatures.
database() {
    [ ! -d "$work/db" ] || return 0
    mkdir "$work/db"
    printf '%s:0:*:%s\n' Bench.Marker.1 "$(printf 'BENCH-MARKER-ONE-NOT-THERE' | od -An -tx1 | tr -d ' \n')" \
        Bench.Marker.2 "$(printf 'BENCH-MARKER-TWO-NOT-THERE' | od -An -tx1 | tr -d ' \n')" >"$work/db/bench.ndb"
    # The test text that every engine must find, in two halves.
    printf 'Bench.Test:0:*:%s\n' "$(printf '%s%s' 'X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-' \
        'STANDARD-ANTIVIRUS-TEST-FILE!$H+H*' | od -An -tx1 | tr -d ' \n')" >>"$work/db/bench.ndb"
    chmod -R go-w "$work/db"
}

start_clamd() {
    have clamd && have clamdscan || return 1
    database
    mkdir -p "$work/clamd"
    chmod 700 "$work/clamd"
    cat >"$work/clamd.conf" <<END
LocalSocket $work/clamd/socket
DatabaseDirectory $work/db
TemporaryDirectory $work/clamd
Foreground yes
DisableCache yes
END
    clamd -c "$work/clamd.conf" >"$work/clamd.log" 2>&1 &
    clamd=$!
    for _ in $(seq 100); do
        [ ! -S "$work/clamd/socket" ] || return 0
        sleep 0.1
    done
    echo "  (clamd did not start: left out)"
    return 1
}

# --- sections ---------------------------------------------------------------------------

# shellcheck disable=SC2086  # $signatures are words
bench_clean() {
    echo "answer: $(taskset -c 0 "$gear" full-scan -j 1 --no-cache --clamav off $signatures <"$work/list" | wc -l) of $files found"
    set -- spamgear taskset -c 0 sh -c "exec \"\$@\" <'$work/list'" - \
        "$gear" full-scan -j 1 --no-cache --clamav off $signatures
    set -- "$@" -- "read@2.5" taskset -c 0 sh -c "exec '$reader' <'$work/list'"
    if have yara; then
        [ -z "${YARA_WEBSHELLS:-}" ] || set -- "$@" -- "yara-sb@0.2" taskset -c 0 yara -w -p 1 \
            --scan-list "$YARA_WEBSHELLS" "$work/list"
        [ -z "${YARA_PMF:-}" ] || set -- "$@" -- "yara-pmf@0.067" taskset -c 0 yara -w -p 1 \
            --scan-list "$YARA_PMF" "$work/list"
    fi
    if have clamscan; then
        database
        set -- "$@" -- "clamscan@0.02" taskset -c 0 clamscan --quiet -d "$work/db" --file-list="$work/list"
    fi
    "$timeit" -n "$runs" "$@"
}

# LIST, the ratio to yara's time that is aimed at: medians of 5, one worker and yara on one core.
# shellcheck disable=SC2086
bench_goal() {
    if [ -z "$1" ] || [ -z "${YARA_WEBSHELLS:-}" ]; then
        echo "  (no list, or no YARA_WEBSHELLS: left out)"
        return 0
    fi
    have yara || return 0
    echo "files: $("$reader" <"$1")"
    echo "found: $("$gear" full-scan -j 1 --no-cache --clamav off --exit-zero $signatures <"$1" 2>/dev/null | wc -l)"
    "$timeit" -n 5 spamgear taskset -c 0 sh -c "exec \"\$@\" <'$1' 2>/dev/null" - \
        "$gear" full-scan -j 1 --no-cache --clamav off --exit-zero $signatures \
        -- "yara-sb@$2" taskset -c 0 yara -w -p 1 --scan-list "$YARA_WEBSHELLS" "$1"
}

# The process that walks needs a core as well: so one worker on one core, two on two.
# shellcheck disable=SC2086
bench_two() {
    "$timeit" -n "$runs" two taskset -c 0,1 sh -c "exec \"\$@\" <'$work/list'" - \
        "$gear" full-scan -j 2 --no-cache --clamav off $signatures \
        -- "one@0.556" taskset -c 0 sh -c "exec \"\$@\" <'$work/list'" - \
        "$gear" full-scan -j 1 --no-cache --clamav off $signatures
}

# shellcheck disable=SC2086
bench_again() {
    sleep 1
    find "$data/tree" -type f | wc -l | sed 's/$/ files/'
    rm -f "$work/verdicts.db"
    set -- "$gear" full-scan --cache "$work/verdicts.db" --clamav off $signatures "$data/tree"
    "$@" >/dev/null || :
    "$timeit" -n "$runs" spamgear "$@" \
        -- "find@1.3" find "$data/tree" -type f -newer "$work/list"
}

# shellcheck disable=SC2086
bench_clamd() {
    start_clamd || return 0
    head -n 2000 "$work/list" >"$work/list2000"
    "$timeit" -n "$runs" spamgear sh -c "exec '$gear' full-scan --no-cache --clamav clamd \
        --socket '$work/clamd/socket' --without rules --without fingerprints --without backdoors \
        --without shelldetect <'$work/list2000'" \
        -- "clamdscan@0.7" clamdscan -c "$work/clamd.conf" --quiet --fdpass --multiscan \
        --file-list="$work/list2000"
    kill "$clamd"
    clamd=
}

bench_inside() {
    have clamscan || return 0
    database
    head -n 2000 "$work/list" >"$work/list2000"
    "$timeit" -n 3 spamgear sh -c "exec '$gear' full-scan --no-cache --clamav inside --clamav-db '$work/db' \
        --without rules --without fingerprints --without backdoors --without shelldetect <'$work/list2000'" \
        -- "clamscan@0.8" clamscan --quiet -d "$work/db" --file-list="$work/list2000"
}

# shellcheck disable=SC2086
bench_start() {
    file=$(head -n 1 "$work/list")
    "$timeit" -n 51 runav "$gear" runav --clamav off $signatures "$file" -- true true
}

# The largest sum of what all its processes hold (shared pages counted once).
# shellcheck disable=SC2046,SC2086
bench_memory() {
    for list in "$work/list" "$work/listlarge"; do
        [ "$list" = "$work/list" ] || { truncate -s 4G "$work/large"; seq 4000000 >>"$work/large"; echo "$work/large" >"$list"; }
        "$gear" full-scan -j 2 --no-cache --clamav off $signatures <"$list" >/dev/null &
        pid=$! most=0
        while kill -0 $pid 2>/dev/null; do
            sum=$(cat /proc/$pid/smaps_rollup $(pgrep -P $pid | sed 's|.*|/proc/&/smaps_rollup|') 2>/dev/null |
                awk '/^Pss:/ { sum += $2 } END { print sum + 0 }') || sum=0
            [ "$sum" -le $most ] || most=$sum
        done
        echo "  $(wc -l <"$list") files: at most $((most / 1024)) MB for the walker and two workers (goal: 40)"
    done
    rm -f "$work/large"
}

# shellcheck disable=SC2086
bench_pages() {
    find "$data/tree" -type f | sed -n '1~20p' >"$work/hot"
    find "$data/tree" -type f | sed '1~20d' >"$work/cold"
    limit=$(awk '/MemTotal/ { print int($2 / 1024) }' /proc/meminfo)
    echo "  memory of the machine: $limit MB; cold files: $(wc -l <"$work/cold")"
    tree_scan() {
        sync
        xargs -d '\n' -n 200 sh -c 'for f; do dd if="$f" iflag=nocache count=0 2>/dev/null; done' - <"$work/cold"
        "$reader" <"$work/hot" >/dev/null
        echo "  $1 before: hot $("$reader" -p <"$work/hot"), cold $("$reader" -p <"$work/cold")"
        shift
        "$@" >/dev/null 2>&1 || :
        echo "  after:  hot $("$reader" -p <"$work/hot"), cold $("$reader" -p <"$work/cold")"
    }
    tree_scan spamgear "$gear" full-scan --no-cache --clamav off $signatures "$data/tree"
    tree_scan grep grep -rc eval "$data/tree"
    if have clamscan; then database; tree_scan clamscan clamscan --quiet -d "$work/db" -r "$data/tree"; fi
}

# shellcheck disable=SC2086
bench_collection() {
    [ -n "${COLLECTION:-}" ] || { echo "  (no COLLECTION: left out)"; return 0; }
    total=$(find "$COLLECTION" -type f | wc -l)
    echo "  $total files; found with everything: $("$gear" full-scan --no-cache --clamav off $signatures "$COLLECTION" 2>/dev/null | wc -l)"
    for one in rules fingerprints backdoors shelldetect; do
        set --
        for other in rules fingerprints backdoors shelldetect; do
            [ $one = $other ] || set -- "$@" --without $other
        done
        echo "  $one alone: $("$gear" full-scan --no-cache --clamav off $signatures "$@" "$COLLECTION" 2>/dev/null | wc -l)"
    done
}

unpack
if section clean "$files clean files, one core, warm"; then bench_clean; fi
if section goal-clean "every detector of our own on CLEAN_LIST"; then bench_goal "${CLEAN_LIST:-}" 0.227; fi
if section goal-malicious "the same on MALICIOUS_LIST"; then bench_goal "${MALICIOUS_LIST:-}" 0.256; fi
if section two "two workers on two cores against one on one"; then bench_two; fi
if section again "the unchanged tree once more"; then bench_again; fi
if section clamd "2000 files through clamd"; then bench_clamd; fi
if section inside "2000 files through libclamav, both passes, loading included"; then bench_inside; fi
if section start "runav on one clean file"; then bench_start; fi
if section memory "peak memory of all processes"; then bench_memory; fi
if section pages "what a scan of a cold tree leaves in the page cache"; then bench_pages; fi
if section collection "known webshells"; then bench_collection; fi
