#!/bin/sh
# Speed and memory of the log checkers against other programs on the same bytes.
#
#   sh tests/bench/logs.sh SPAMGEAR BUILD-FOLDER [ORIGINALS]
#
# SPAMGEAR is the binary as it is shipped (not one with sanitizers); BUILD-FOLDER holds
# mail_log_gen and timeit; ORIGINALS is a checkout of the scripts this program replaces
# (its logs/ folder is used; without it those rows are left out).
#   SIZE=1000M   size of the large logs         RUNS=7    runs of each command, in turns
#   DATA=DIR     keeps the logs between runs (they end at the time they were made)
#   ONLY=WORD    only sections whose name holds the word
#   BIG=1        also a log of ten times the size; JOURNAL=1 also a journal of a million entries
#
# Peers: ripgrep, grep, mawk, zcat, zstdcat, xzcat, journalctl; a peer that is not installed is
# left out and named. Times are medians of whole processes with a warm cache, "ratio" is ours by
# theirs in wall time; processor time stands beside it, as it says more on a busy machine. The
# first thing checked is that the answers are the same. Nothing passes or fails here: a busy
# machine must not break a build.
set -eu

[ $# -ge 2 ] || { sed -n '2,19s/^# \{0,1\}//p' "$0" >&2; exit 2; }
here=$(dirname "$(readlink -f "$0")")
gear=$(readlink -f "$1")
gen=$(readlink -f "$2/mail_log_gen") timeit=$(readlink -f "$2/timeit")
originals=${3:-}
size=${SIZE:-1000M} runs=${RUNS:-7}
export TZ=UTC LC_ALL=C
if [ -n "${DATA:-}" ]; then
    data=$DATA
    mkdir -p "$data"
else
    data=$(mktemp -d)
    trap 'rm -rf "$data"' EXIT
    trap 'exit 130' INT TERM
fi
# What is timed is reading logs: DNS is not asked for the names that webmail logs lack.
printf '[spamgear]\nresolve-timeout = 0\n' >"$data/bench.conf"
export SPAMGEAR_CONFIG="$data/bench.conf"
[ -f "$data/end" ] || date +%s >"$data/end"
end=$(cat "$data/end")
now=@$end
week=604800

# log NAME GENERATOR-ARGUMENT...: makes $data/NAME unless it is there.
log() {
    name=$1
    shift
    if [ ! -f "$data/$name" ]; then
        "$gen" -e "$end" -t "$data/$name.truth" "$@" >"$data/part"
        mv "$data/part" "$data/$name"
    fi
    cat "$data/$name" >/dev/null
}

section() { # NAME, WHAT: true when it is wanted
    case $1 in *"${ONLY:-}"*) printf '\n%s: %s\n' "$1" "$2" ;; *) return 1 ;; esac
}

have() {
    command -v "$1" >/dev/null || { echo "  ($1 is not installed: left out)"; return 1; }
}

# Puts into $script a copy of an original that reads LOG, as they know one path only.
original() { # SCRIPT PATH-IN-IT LOG
    [ -n "$originals" ] && [ -f "$originals/logs/$1" ] || return 1
    script=$data/original-$1
    sed "s|$2|$3|g" "$originals/logs/$1" >"$script"
}

same_answer() { # LOG FROM: ours against mawk's, every sender
    have mawk || return 0
    mawk -v from="$2" -v least=1 -f "$here/onepass.awk" "$data/$1" | sort >"$data/theirs"
    "$gear" postfix-spam-check -l "$data/$1" --now "$now" --all --format json |
        awk 'function field(name,    key, rest) {
            key = "\"" name "\":"
            rest = substr($0, index($0, key) + length(key))
            sub(/^"/, "", rest)
            sub(/[",}].*/, "", rest)
            return rest
        }
        /"kind":"sasl"/ {
            print field("messages"), field("addresses"), field("sender")
        }' | sort >"$data/ours"
    if cmp -s "$data/theirs" "$data/ours"; then
        echo "  same answer as mawk: $(wc -l <"$data/ours") senders"
    else
        echo "  NOT THE SAME ANSWER AS MAWK: $(diff "$data/theirs" "$data/ours" | grep -c '^[<>]') lines differ"
    fi
}

# How far back the originals, which have no --now, must look to see the log's last hour.
age() { echo $(($(date +%s) - end + 3600)); }
from() { date -d "@$((end - 3600))" +%m%d%H:%M:%S; }

bench_last_hour() {
    log pf-week.log -s "$size" -p $week -u 2000
    same_answer pf-week.log "$(from)"
    f=$data/pf-week.log
    set -- spamgear "$gear" postfix-spam-check -l "$f" --now "$now" -m 90
    have rg && set -- "$@" -- rg@0.04 rg -c sasl_username= "$f"
    set -- "$@" -- grep@0.0143 grep -c sasl_username= "$f"
    have mawk && set -- "$@" -- mawk mawk -v from="$(from)" -v least=90 -f "$here/onepass.awk" "$f"
    original postfix-spam-check /var/log/mail.log "$f" &&
        set -- "$@" -- original@0.005 bash "$script" -p "$(age)seconds" -m 90
    "$timeit" -n "$runs" "$@"
}

bench_full() { # THREADS RG-GOAL GREP-GOAL
    log pf-week.log -s "$size" -p $week -u 2000
    f=$data/pf-week.log
    set -- "$1" "$2" "$3" spamgear "$gear" postfix-spam-check -l "$f" --now "$now" -m 90 --full --threads "$1"
    rg_goal=$2 grep_goal=$3
    shift 3
    have rg && set -- "$@" -- "rg@$rg_goal" rg -c sasl_username= "$f"
    [ -z "$grep_goal" ] || set -- "$@" -- "grep@$grep_goal" grep -c sasl_username= "$f"
    "$timeit" -n "$runs" "$@"
}

bench_all_lines() {
    log pf-hour.log -s "$size" -p 3600 -u 5000 -b 100 -a 65
    same_answer pf-hour.log "$(from)"
    f=$data/pf-hour.log
    set -- spamgear "$gear" postfix-spam-check -l "$f" --now "$now" -m 90
    set -- "$@" -- grep@0.8 grep -c sasl_username= "$f"
    have mawk && set -- "$@" -- mawk@0.15 mawk -v from="$(from)" -v least=90 -f "$here/onepass.awk" "$f"
    "$timeit" -n "$runs" "$@"
}

bench_many_reported() {
    log pf-hour-100.log -s 100M -p 3600 -u 2000 -b 60 -a 80
    f=$data/pf-hour-100.log
    echo "  $(awk -F '\t' '$3 >= 90' "$f.truth" | wc -l) senders reported"
    set -- spamgear "$gear" postfix-spam-check -l "$f" --now "$now" -m 90
    have mawk && set -- "$@" -- mawk@0.15 mawk -v from="$(from)" -v least=90 -f "$here/onepass.awk" "$f"
    "$timeit" -n "$runs" "$@"
    original postfix-spam-check /var/log/mail.log "$f" || return 0
    "$timeit" -n 1 spamgear "$gear" postfix-spam-check -l "$f" --now "$now" -m 90 \
        -- original@0.0033 bash "$script" -p "$(age)seconds" -m 90
}

bench_format() { # FORMAT APPLET LITERAL
    log "$1-week.log" -f "$1" -s "$size" -p $week -u 2000
    f=$data/$1-week.log applet=$2 literal=$3
    echo "  last hour"
    set -- spamgear "$gear" "$applet" -l "$f" --now "$now" -p 1hour
    have rg && set -- "$@" -- rg@0.04 rg -c -F -e "$literal" "$f"
    "$timeit" -n "$runs" "$@" -- grep@0.0143 grep -c -F -e "$literal" "$f"
    echo "  --full, one thread"
    set -- spamgear "$gear" "$applet" -l "$f" --now "$now" -p 1hour --full --threads 1
    have rg && set -- "$@" -- rg@1.2 rg -c -F -e "$literal" "$f"
    "$timeit" -n "$runs" "$@" -- grep@0.5 grep -c -F -e "$literal" "$f"
}

bench_archive() { # SUFFIX COMPRESSOR READER
    have "$2" || return 0
    log pf-hour-100.log -s 100M -p 3600 -u 2000 -b 60 -a 80
    f=$data/pf-hour-100.log.$1
    if [ ! -f "$f" ]; then
        "$2" -c "$data/pf-hour-100.log" >"$data/part"
        mv "$data/part" "$f"
    fi
    "$timeit" -n "$runs" spamgear "$gear" postfix-spam-check -l "$f" --now "$now" -m 90 \
        -- "$3@1.15" sh -c "exec $3 '$f' >/dev/null"
}

bench_journal() {
    remote=/lib/systemd/systemd-journal-remote
    have journalctl && have $remote || return 0
    d=$data/journal
    if [ ! -d "$d" ]; then
        "$gen" -f postfix-journal -s 500M -p $week -e "$end" >"$data/export"
        mkdir "$data/part.d"
        $remote -o "$data/part.d/remote.journal" "$data/export" 2>/dev/null
        rm -f "$data/export"
        mv "$data/part.d" "$d"
    fi
    echo "  $(journalctl -D "$d" -o cat | wc -l) entries"
    "$timeit" -n "$runs" spamgear "$gear" postfix-spam-check --journal-dir "$d" --now "$now" \
        -- journalctl@0.05 sh -c "journalctl -D '$d' -t postfix/smtpd -t postfix/submission/smtpd -t postfix/smtps/smtpd \
            -o cat --since @$((end - 3600)) | grep -c sasl_username="
}

# Peak memory beyond the 19,000 pairs: bytes for each further (user, address) pair.
bench_memory() {
    log pf-few.log -s 300M -p 3600 -u 5000 -c 4 -b 100 -a 65
    log pf-many.log -s 300M -p 3600 -u 5000 -c 400 -b 1000 -a 100
    for f in pf-few.log pf-many.log; do
        rss=$("$timeit" -n 1 spamgear "$gear" postfix-spam-check -l "$data/$f" --now "$now" |
            awk '{ print $6 * 1048576 }')
        pairs=$(awk -F '\t' '{ n += $5 } END { print n }' "$data/$f.truth")
        echo "$pairs $rss"
    done | awk '{ pairs[NR] = $1; rss[NR] = $2; printf "  %d pairs: %.1f MB\n", $1, $2 / 1048576 }
        END { printf "  each further pair: %.0f bytes  goal 200\n", (rss[2] - rss[1]) / (pairs[2] - pairs[1]) }'
}

bench_backtest() {
    log pf-week.log -s "$size" -p $week -u 2000
    f=$data/pf-week.log
    "$timeit" -n "$runs" backtest "$gear" backtest postfix-spam-check --logs "$f" --now "$now" --period 1hour --limit 90 \
        -- full-scan@2 "$gear" postfix-spam-check -l "$f" --now "$now" -m 90 --full
}

bench_big() {
    log pf-week.log -s "$size" -p $week -u 2000
    log pf-big.log -s "$(printf '%s' "$size" | sed 's/[kMG]*$/0&/')" -p $((week * 10)) -u 2000
    "$timeit" -n "$((runs * 3))" ten-times "$gear" postfix-spam-check -l "$data/pf-big.log" --now "$now" -m 90 \
        -- once@1.1 "$gear" postfix-spam-check -l "$data/pf-week.log" --now "$now" -m 90
}

bench_start() {
    : >"$data/empty.log"
    "$timeit" -n 51 --list "$gear" --list -- true true
    "$timeit" -n 51 empty-log "$gear" postfix-spam-check -l "$data/empty.log" -- true true
}

echo "Logs end at $(date -d "@$end" '+%F %T'); $(nproc) processors; $runs runs each"
if section start "what a run that does nothing costs over true; goal 1 ms"; then bench_start; fi
if section last-hour "$size over 7 days, last hour"; then bench_last_hour; fi
if section full-1 "$size over 7 days, every byte, one thread"; then bench_full 1 1.2 0.5; fi
if section full-2 "$size over 7 days, every byte, two threads"; then bench_full 2 0.8 ''; fi
if section all-lines "$size, every line inside the hour, 5000 users"; then bench_all_lines; fi
if section reported "100 MB, one hour, many reported senders"; then bench_many_reported; fi
if section rfc3339 "$size, RFC 3339 stamps"; then bench_format postfix-rfc3339 postfix-spam-check sasl_username=; fi
if section exim "$size, Exim"; then bench_format exim exim-spam-check ' A='; fi
if section roundcube "$size, Roundcube"; then bench_format roundcube roundcube-spam-check '; Message '; fi
if section imp "$size, Horde IMP"; then bench_format imp imp-spam-check 'Message sent to '; fi
if section php "$size, PHP"; then bench_format php php-spam-check 'mail() on ['; fi
if section gz "100 MB .gz"; then bench_archive gz gzip zcat; fi
if section zst "100 MB .zst"; then bench_archive zst zstd zstdcat; fi
if section xz "100 MB .xz"; then bench_archive xz xz xzcat; fi
if section memory "300 MB, 5000 users"; then bench_memory; fi
if section backtest "$size over 7 days"; then bench_backtest; fi
if [ -n "${JOURNAL:-}" ] && section journal "last hour of a journal"; then bench_journal; fi
if [ -n "${BIG:-}" ] && section big "ten times $size, last hour"; then bench_big; fi
