#!/bin/sh
# react_postfix_test.sh SPAMGEAR - accounts in maps that a real Postfix looks into, and messages held
# in the queues of two instances.
# shellcheck disable=SC2154,SC2317  # set, or called, by what is sourced
. "$(dirname "$0")/lib.sh"
. "$servers_dir/postfix_traffic.sh"
programs=$(dirname "$spamgear")

# Postfix' programs as they would run where they are installed.
wrap() {
    mkdir -p bin
    for program in postmap postsuper postqueue; do
        printf '#!/bin/sh\nLD_LIBRARY_PATH=%s exec %s/usr/sbin/%s "$@"\n' \
            "$postfix_lib" "$cache" "$program" >"bin/$program"
        chmod 755 "bin/$program"
    done
}

# access_map TYPE : smtpd asks this map about log-ins and about senders; mail stays in the queue
configure() {
    postfix_configure
    cat >>conf/main.cf <<END
command_directory = $work/bin
defer_transports = discard
minimal_backoff_time = 1h
queue_run_delay = 1h
smtpd_relay_restrictions = check_sasl_access $1 permit_sasl_authenticated reject
smtpd_sender_restrictions = check_sender_access $2
END
    sed -i '/^smtpd_relay_restrictions = permit/d; /^command_directory = .*usr.sbin/d' conf/main.cf
    cat >conf/dynamicmaps.cf <<END
sqlite postfix-sqlite.so dict_sqlite_open
lmdb postfix-lmdb.so dict_lmdb_open mkmap_lmdb_open
END
}

# The .cf files of docs/reactions.md.
write_cf() {
    cat >conf/sasl.cf <<END
dbpath = $work/maps/access.sqlite
query = SELECT action FROM access WHERE name = '%s' AND (expires = 0 OR expires > CAST(strftime('%%s', 'now') AS INTEGER))
END
    cat >conf/sender.cf <<END
dbpath = $work/maps/access.sqlite
query = SELECT action FROM access WHERE name = '%s' AND instr(name, '@') > 1 AND (expires = 0 OR expires > CAST(strftime('%%s', 'now') AS INTEGER))
END
}

master() { # CONFIG
    start "postfix-$1.out" env LD_LIBRARY_PATH="$postfix_lib" "$postfix_lib/sbin/master" \
        -c "$work/$1" -d
}

# step METHOD OPERATION NAME [KEY=VALUE...]
step() {
    method=$1
    operation=$2
    account=$3
    shift 3
    timeout 90 "$programs/react_method" "$method" "$operation" "$account" \
        "$work/memo.$method.$account" postfix-config="$work/conf" postfix-programs="$work/bin" "$@"
}

# queued USER SENDER : a message that stays in the queue
queue() {
    smtp "${3:-127.0.0.1}" "${4:-$port_submission}" 127.0.0.2 <<END
hello
235 auth $1 secret
250 MAIL FROM:<$2>
250 RCPT TO:<one@example.com>
250 message held
END
}

ids_of() { # USER LOG
    sed -n "s/.*: \([0-9A-Za-z]*\): client=.*sasl_username=$1\$/\1/p" "$2" | paste -sd, -
}
in_queue() { find "$work/$1/$2" -type f -printf '%f\n' 2>/dev/null | sort | paste -sd, -; }

# The life of an account in a map, as smtpd sees it.
life() { # NAME SETTING...
    name=$1
    shift
    same "$name is complete" complete "$(step postfix-map check - "$@")"
    same "$name: plan" "needed" "$(step postfix-map plan alice "$@" | cut -d: -f1)"
    same "$name: off" off "$(step postfix-map look alice "$@")"
    tries_to_send 250 alice alice@example.net
    same "$name: apply" "done" "$(step postfix-map apply alice "$@")"
    same "$name: apply again" "done" "$(step postfix-map apply alice "$@")"
    same "$name: on" on "$(step postfix-map look alice "$@")"
    same "$name: in force" "in force" "$(step postfix-map plan alice "$@" | cut -d: -f1)"
    tries_to_send 554 alice alice@example.net
    tries_to_send 250 bob@example.net bob@example.net
    same "$name: another" "done" "$(step postfix-map apply bob@example.net case=8 "$@")"
    tries_to_send 554 carol BOB@example.net
    tries_to_send 554 bob@example.net carol@example.net
    tries_to_send 250 carol carol@example.net
    same "$name: not his case" "undone" "$(step postfix-map undo alice case=8 "$@")"
    same "$name: undo another" "undone" "$(step postfix-map undo bob@example.net case=8 "$@")"
    tries_to_send 250 bob@example.net bob@example.net
}

rest_of_life() {
    same "$name: undo" undone "$(step postfix-map undo alice "$@")"
    same "$name: undo again" undone "$(step postfix-map undo alice "$@")"
    same "$name: off again" off "$(step postfix-map look alice "$@")"
    tries_to_send 250 alice alice@example.net
}

# --- maps -----------------------------------------------------------------------------

wrap
mkdir maps
chmod 755 maps
read -r port_submission port_smtps port_smtp port_proxied port_reentry port_second <<END
$(free_ports 6)
END
# smtpd opens its maps when it starts: they must be there, as they are after the first account.
sqlite_map="map-file=$work/maps/access.sqlite"
configure "sqlite:$work/conf/sasl.cf" "proxy:sqlite:$work/conf/sender.cf"
write_cf
same "first of all" "done" "$(step postfix-map apply nobody "$sqlite_map")"
same "and away" undone "$(step postfix-map undo nobody "$sqlite_map")"
same "Postfix can read it" "644" "$(stat -c %a maps/access.sqlite)"
dovecot_start
master conf
wait_for Postfix listens 127.0.0.1 "$port_submission"
life sqlite "$sqlite_map"
same "sqlite: the other case's undo left it" on "$(step postfix-map look alice "$sqlite_map")"
rest_of_life "$sqlite_map"
same "expired" "done" "$(step postfix-map apply alice expires=1 "$sqlite_map")"
same "is off" off "$(step postfix-map look alice "$sqlite_map")"
tries_to_send 250 alice alice@example.net
same "not yet expired" "done" "$(step postfix-map apply Alice \
    "expires=$(($(date +%s) + 3600))" "$sqlite_map")"
tries_to_send 554 alice alice@example.net
same "postmap says so too" "REJECT case 7: 131 messages?" "$(
    step postfix-map apply alice "map-action=REJECT case {case}: {reason}" \
        "reason=131 messages
" "$sqlite_map" >/dev/null
    bin/postmap -c conf -q ALICE "sqlite:$work/conf/sasl.cf")"
hostile="z'\"\$(touch\${IFS}/x)\"'; DROP TABLE access; --"
same "hostile" "done" "$(step postfix-map apply "$hostile" "$sqlite_map")"
same "hostile look" on "$(step postfix-map look "$hostile" "$sqlite_map")"
same "hostile postmap" 0 "$(bin/postmap -c conf -q "$hostile" "sqlite:$work/conf/sasl.cf" >/dev/null
    echo $?)"
same "no journal stays behind" access.sqlite "$(ls maps)"
same "no log, ever" delete "$(sqlite3 maps/access.sqlite 'PRAGMA journal_mode' 2>/dev/null ||
    echo delete)"
stop_all

for type in lmdb hash; do
    rm -rf spool data postfix.log
    source="$work/maps/$type"
    configure "$type:$source" "$type:$source"
    printf '# mine\nmallory@example.org\tREJECT\n  never\n' >"$source"
    bin/postmap -c conf "$type:$source"
    dovecot_start
    master conf
    wait_for Postfix listens 127.0.0.1 "$port_submission"
    life "$type" "map-type=$type" "map-file=$source"
    step postfix-map apply alice "map-type=$type" "map-file=$source" >/dev/null
    rest_of_life "map-type=$type" "map-file=$source"
    same "$type: what was there" "$(printf '# mine\nmallory@example.org\tREJECT\n  never')" \
        "$(cat "$source")"
    same "$type: a quote" refused "$(step postfix-map plan "a\"b" "map-type=$type" \
        "map-file=$source" | cut -d: -f1)"
    [ "$type" = hash ] || stop_all
done

# --- queues ---------------------------------------------------------------------------

: >postfix.log
queue alice alice@example.net
queue alice other@example.net
queue bob@example.net alice@example.net
queue alice alice@example.net
wait_for "the queue" sh -c "[ \$(find spool/deferred -type f | wc -l) = 4 ]"
alice=$(ids_of alice postfix.log)
bob=$(ids_of bob@example.net postfix.log)
held=${alice##*,}
bin/postsuper -c "$work/conf" -h "$held" 2>/dev/null
same "queued" 3 "$(echo "$alice" | tr , '\n' | wc -l)"
same "plan" "needed: hold the queued mail of alice: 2 messages" \
    "$(step hold-queue plan alice "ids=$alice,ALL,-d,ABCDEF0123456,../../x")"
same "memo" "$work/conf
$(echo "${alice%,*}" | tr , '\n' | sort)" "$(cat memo.hold-queue.alice)"
same "off" off "$(step hold-queue look alice)"
same "hold" "done" "$(step hold-queue apply alice)"
same "hold again" "done" "$(step hold-queue apply alice)"
same "on" on "$(step hold-queue look alice)"
same "held" "$(echo "$alice" | tr , '\n' | sort | paste -sd, -)" "$(in_queue spool hold)"
same "bob's is not" "$bob" "$(in_queue spool deferred)"
same "nothing more to hold" "nothing" "$(timeout 60 "$programs/react_method" hold-queue plan alice \
    memo.other "postfix-config=$work/conf" "ids=$alice" | cut -d: -f1)"
bin/postsuper -c "$work/conf" -d "${alice%%,*}" 2>/dev/null
same "one has left the queue" on "$(step hold-queue look alice)"
same "undo" undone "$(step hold-queue undo alice)"
same "undo again" undone "$(step hold-queue undo alice)"
same "off again" off "$(step hold-queue look alice)"
same "what the administrator held stays held" "$held" "$(in_queue spool hold)"
same "at most" "needed: hold the queued mail of bob: 1 of 2 messages, no more for hold-max" \
    "$(step hold-queue plan bob "ids=$bob,$(in_queue spool deferred | tr , '\n' | grep -v "$bob")" \
        hold-max=1)"

# A second instance, whose messages are held by its own postsuper.
mkdir conf2
sed "s|$work/spool|$work/spool2|; s|$work/data|$work/data2|; s|postfix.log|second.log|" \
    conf/main.cf >conf2/main.cf
sed "s/^127.0.0.1:$port_submission /127.0.0.1:$port_second /; /^\[::1\]/d; /^127.*:$port_smtp /,+1d
    /^127.*:$port_smtps /,+1d; /^127.*:$port_proxied /,+1d; /^127.*:$port_reentry /,+3d" \
    conf/master.cf >conf2/master.cf
cp conf/dynamicmaps.cf conf2
cp -a spool spool2
find spool2 -type f -delete
find spool2 -type s -delete
cp -a data data2
find data2 -type f -delete
ln spool/private/auth spool2/private/auth 2>/dev/null ||
    sed -i "s|^smtpd_sasl_path.*|smtpd_sasl_path = $work/spool/private/auth|" conf2/main.cf
echo "multi_instance_directories = $work/conf2" >>conf/main.cf
echo "multi_instance_name = postfix-second" >>conf2/main.cf
master conf2
wait_for "the second Postfix" listens 127.0.0.1 "$port_second"
queue alice alice@example.net 127.0.0.1 "$port_second"
queue carol carol@example.net 127.0.0.1 "$port_second"
wait_for "its queue" sh -c "[ \$(find spool2/deferred -type f | wc -l) = 2 ]"
second=$(ids_of alice second.log)
same "both" "needed: hold the queued mail of alice: 2 messages" \
    "$(step hold-queue plan alice "ids=$alice,$second")"
same "both held" "done" "$(step hold-queue apply alice)"
same "in the second" "$second" "$(in_queue spool2 hold)"
same "both on" on "$(step hold-queue look alice)"
stop_all
same "Postfix is down" on "$(step hold-queue look alice)"
same "and up to undo" undone "$(step hold-queue undo alice)"
same "in neither" "$held" "$(in_queue spool hold)$(in_queue spool2 hold)"
report
