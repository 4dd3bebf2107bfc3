#!/bin/sh
# queue_test.sh SPAMGEAR - queue-depth counts what the mail servers themselves list.
# shellcheck disable=SC2154,SC2317  # set, or called, by what is sourced
. "$(dirname "$0")/lib.sh"
. "$servers_dir/postfix_traffic.sh"
. "$servers_dir/exim.sh"

# postfix COMMAND ARGUMENT... : one of Postfix's programs
postfix() {
    program=$1
    shift
    env LD_LIBRARY_PATH="$postfix_lib" "$cache/usr/sbin/$program" -c "$work/conf" "$@"
}

# What postqueue lists of each queue.
listed() {
    postfix postqueue -j | sed 's/^{"queue_name": "\([a-z]*\)".*/\1/' | sort | uniq -c |
        awk '{ print $2, $1 }'
}

# depth [ARGUMENT...] : what queue-depth counts of each queue that is not empty
depth() {
    "$spamgear" queue-depth --postfix-config "$work/conf" --mail-server postfix "$@" |
        awk '$1 != "total" && $2 > 0 { print $1, $2 }' | sort
}

how() { # [ARGUMENT...]
    "$spamgear" queue-depth --postfix-config "$work/conf" --mail-server postfix -f json "$@" |
        sed -n 's/.*"how":"\([a-z]*\)".*/\1/p'
}

oldest_listed() { postfix postqueue -j | grep -o '"arrival_time": [0-9]*' | sort -n -k 2 | sed -n '1s/.* //p'; }
oldest_counted() { # that of the whole, from its age
    "$spamgear" queue-depth --postfix-config "$work/conf" --now @3000000000 -f json |
        sed -n 's/.*"messages":[0-9]*,"age_seconds":\([0-9]*\),.*"queues".*/\1/p' |
        awk '{ printf "%.0f\n", 3000000000 - $1 }'
}

# Everything is deferred; who is asked as another user goes through this postqueue.
start_postfix() {
    read -r port_submission port_smtps port_smtp port_proxied port_reentry <<END
$(free_ports 5)
END
    postfix_configure
    mkdir bin
    ln -s "$cache"/usr/sbin/post* bin
    rm bin/postqueue
    printf '#!/bin/sh\nLD_LIBRARY_PATH=%s exec %s "$@"\n' "$postfix_lib" "$cache/usr/sbin/postqueue" \
        >bin/postqueue
    chmod 755 bin/postqueue
    sed -i "s|^command_directory.*|command_directory = $work/bin|" conf/main.cf
    printf 'defer_transports = discard\nenable_long_queue_ids = %s\n' "$1" >>conf/main.cf
    start postfix.out env LD_LIBRARY_PATH="$postfix_lib" "$postfix_lib/sbin/master" -c "$work/conf" -d
    wait_for "Postfix" listens 127.0.0.1 "$port_submission"
}

deferred() { [ "$(find spool/deferred -type f | wc -l)" = "$1" ]; }

send_five() {
    for number in 1 2 3 4 5; do
        sendmail_as "$uid_local" "one$number@example.com"
        [ $number != 1 ] || sleep 1.1 # so that one is older than the others
    done
    wait_for "five messages to be deferred" deferred 5
}

check_postfix() { # short or long IDs
    same "$1: what postqueue lists" "$(listed)" "$(depth)"
    same "$1: five" "deferred 5" "$(depth)"
    same "$1: from the folders" spool "$(how)"
    same "$1: the oldest" "$(oldest_listed)" "$(oldest_counted)"
    id=$(postfix postqueue -j | sed -n '2s/.*"queue_id": "\([^"]*\)".*/\1/p')
    postfix postsuper -h "$id" 2>/dev/null || give_up "postsuper -h"
    same "$1: one on hold" "deferred 4
hold 1" "$(depth)"
    same "$1: as postqueue lists it" "$(listed)" "$(depth)"
    same "$1: the oldest of all queues" "$(oldest_listed)" "$(oldest_counted)"
}

# Without the rights to read the folders: showq's socket, for its group; postqueue; or an error.
check_rights() {
    as_group="setpriv --reuid=$uid_local --regid=uucp --clear-groups"
    cp "$spamgear" gear && chmod 755 gear
    # shellcheck disable=SC2086  # words
    set -- $as_group ./gear queue-depth --postfix-config "$work/conf" --mail-server postfix
    same "as a group that may ask showq" "deferred 4
hold 1" "$("$@" | awk '$1 != "total" && $2 > 0 { print $1, $2 }' | sort)"
    same "says that it asked showq" showq "$("$@" -f json | sed 's/.*"how":"\([a-z]*\)".*/\1/')"
    mkdir empty
    same "by postqueue" "deferred 4
hold 1" "$(depth --postfix-spool "$work/empty")"
    same "says that it asked postqueue" postqueue "$(how --postfix-spool "$work/empty")"
    setpriv --reuid="$uid_local" --regid="$uid_local" --clear-groups ./gear queue-depth \
        --postfix-config "$work/conf" --mail-server postfix -f nagios >text 2>complaint
    same "as anybody: UNKNOWN" 3 $?
    same "as anybody: says so" "QUEUE UNKNOWN - could not be counted" "$(cut -d: -f1 text)"
}

# What qmgr cannot read goes to corrupt, which is no queue.
is_corrupt() { [ "$(find spool/corrupt -type f | wc -l)" = 1 ]; }
check_corrupt() {
    : >spool/incoming/12345ABCD
    chmod 700 spool/incoming/12345ABCD
    chown news spool/incoming/12345ABCD
    kill -HUP "$(tr -d ' ' <spool/pid/master.pid)"
    wait_for "the damaged file to be set aside" is_corrupt
    same "without what is corrupt" "deferred 4
hold 1" "$(depth)"
}

# A second instance, which does not run: its mail waits in maildrop.
check_instances() {
    mkdir conf2
    sed "s|$work/spool|$work/spool2|; s|$work/data|$work/data2|" conf/main.cf >conf2/main.cf
    echo 'multi_instance_name = postfix-out' >>conf2/main.cf
    cp conf/master.cf conf2/
    cp -a spool spool2
    find spool2 -type f ! -path '*/pid/*' -delete
    echo "multi_instance_directories = $work/conf2" >>conf/main.cf
    echo "alternate_config_directories = $work/conf2" >>conf/main.cf
    printf 'Subject: waits\nTo: one@example.com\n\nHello\n' |
        env -i PATH="$PATH" MAIL_CONFIG="$work/conf2" LD_LIBRARY_PATH="$postfix_lib" \
            "$cache/usr/sbin/sendmail" -t || give_up "sendmail to the second instance"
    same "a second instance" "deferred 4
hold 1
postfix-out/maildrop 1" "$(depth)"
    rm -rf spool2
    "$spamgear" queue-depth --postfix-config "$work/conf" --mail-server postfix >text 2>complaint
    same "its spool is gone: an error" 2 $?
}

start_postfix no
send_five
check_postfix "short IDs"
check_rights
check_corrupt
stop_all
rm -rf bin conf data spool empty
start_postfix yes
send_five
check_postfix "long IDs"
check_instances
stop_all

# ---- Exim ----

check_exim() { # yes|no
    exim_configure "split_spool_directory = $1
queue_only = true" <<'END'
begin routers
END
    before=$(date +%s)
    for number in 1 2 3; do
        printf 'Subject: waits\nTo: one@example.com\n\nHello\n' | exim -t || give_up "exim -t"
        sleep 1.1
    done
    same "Exim, split $1" "$(exim -bpc)" \
        "$("$spamgear" queue-depth --mail-server exim --exim-spool "$work/exim/spool" | awk '$1 == "total" { print $2 }')"
    age=$("$spamgear" queue-depth --mail-server exim --exim-spool "$work/exim/spool" -f json --now "@$before" |
        sed 's/^[^[]*"age_seconds":\([0-9]*\).*/\1/')
    oldest=$("$spamgear" queue-depth --mail-server exim --exim-spool "$work/exim/spool" -f json \
        --now "@$((before + 100))" | sed 's/^[^[]*"age_seconds":\([0-9]*\).*/\1/')
    same "Exim, split $1: three, the oldest since it was sent" "3 0 yes" \
        "$(exim -bpc) $age $([ "$oldest" -ge 98 ] && [ "$oldest" -le 100 ] && echo yes)"
}

check_exim false
check_exim true
report
