#!/bin/sh
# Speed and memory of queue-depth against `mailq | wc -l`, on a Postfix with many deferred messages.
#
#   sh tests/bench/queue.sh SPAMGEAR BUILD-FOLDER
#
# SPAMGEAR is the binary as it is shipped (not one with sanitizers); BUILD-FOLDER holds fill_queue
# and timeit.
#   COUNT=200000   messages              RUNS=5   runs of each command, in turns
#
# A real Postfix of tests/servers runs on loopback. The messages are files that fill_queue wrote:
# queue files with valid records in the hashed folders, each with its deferral log, once with short
# queue IDs (the default of Postfix) and once with long ones; the real postqueue lists every one of
# them, which is checked first. Times are medians of whole processes with a warm cache. Nothing
# passes or fails here.
# shellcheck disable=SC2034,SC2154  # set, or used, by what is sourced
set -u
[ $# -ge 2 ] || { sed -n '2,15s/^# \{0,1\}//p' "$0" >&2; exit 2; }
here=$(dirname "$(readlink -f "$0")")
fill=$(readlink -f "$2/fill_queue") timeit=$(readlink -f "$2/timeit")
servers_dir=$here/../servers
. "$servers_dir/lib.sh"
. "$servers_dir/postfix_traffic.sh"
count=${COUNT:-200000} runs=${RUNS:-5}

queue_start() { # short|long
    read -r port_submission port_smtps port_smtp port_proxied port_reentry <<END
$(free_ports 5)
END
    rm -rf spool conf data
    postfix_configure
    "$fill" "$work/spool" "$count" "$1" "$(id -u news)" || give_up "fill_queue"
    chown news spool/deferred/? spool/defer/?
    start postfix.out env LD_LIBRARY_PATH="$postfix_lib" \
        "$postfix_lib/sbin/master" -c "$work/conf" -d
    wait_for "Postfix" listens 127.0.0.1 "$port_submission"
}

export LD_LIBRARY_PATH="$cache/usr/lib/postfix"
cat >mailq.sh <<END
"$cache/usr/sbin/postqueue" -c "$work/conf" -p | wc -l
END
for kind in short long; do
    queue_start $kind
    printf '\n%s queue IDs: %s of %s messages listed by postqueue\n' $kind \
        "$("$cache/usr/sbin/postqueue" -c "$work/conf" -j | wc -l)" "$count"
    "$spamgear" queue-depth --postfix-config "$work/conf" --mail-server postfix | tail -n 1
    "$timeit" -n "$runs" queue-depth "$spamgear" queue-depth --postfix-config "$work/conf" \
        --mail-server postfix -- mailq@0.05 sh "$work/mailq.sh" -- \
        count-only "$spamgear" queue-depth --postfix-config "$work/conf" --mail-server postfix \
        --count-only
    stop_all
done
