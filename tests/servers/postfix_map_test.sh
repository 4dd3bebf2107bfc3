#!/bin/sh
# postfix_map_test.sh SPAMGEAR - what postfix-map prints, asked by postmap and by a real smtpd: the
# SQLite file while it is written, and MariaDB and PostgreSQL.
# shellcheck disable=SC2016,SC2154,SC2317  # set, or called, by what is sourced
. "$(dirname "$0")/lib.sh"
. "$servers_dir/postfix_traffic.sh"
. "$servers_dir/databases.sh"
programs=$(dirname "$spamgear")
mkdir maps out
chmod 755 maps out

# postmap_as USER KEY TYPE NAME : what Postfix finds
postmap_as() {
    setpriv --reuid="$1" --regid=nogroup --clear-groups env LD_LIBRARY_PATH="$postfix_lib" \
        timeout 20 "$cache/usr/sbin/postmap" -c "$work/conf" -q "$2" "$3:$4" 2>&1
}
asked() { postmap_as root "$1" "$type" "$work/$type/spamgear-$2.cf"; }

# The maps and the lines of main.cf, as an administrator would put them.
configure() { # TYPE
    type=$1
    mkdir -p "$type"
    cat >spamgear.conf <<END
[store]
state = $work/maps
${2:+url = $2
password-file = $work/password}
[listing]
sender = yes
client-action = REJECT listed
sender-action = REJECT listed
sasl-action = REJECT listed
END
    "$spamgear" postfix-map --config spamgear.conf "$type" --write "$work/$type" >"$type/main.cf" ||
        give_up "postfix-map $type"
}

smtpd_start() {
    cat "$type/main.cf" >>conf/main.cf
    start "postfix-$type.out" env LD_LIBRARY_PATH="$postfix_lib" "$postfix_lib/sbin/master" \
        -c "$work/conf" -d
    master=$started
    wait_for Postfix listens 127.0.0.1 "$port_submission"
}

# What must be found in each of them: Alice as she logs in, a client, a sender; and nobody else.
check_answers() {
    same "$type: a user" "REJECT listed" "$(asked alice sasl)"
    same "$type: in other letters" "REJECT listed" "$(asked ALICE sasl)"
    same "$type: a client" "REJECT listed" "$(asked 192.0.2.1 client)"
    same "$type: IPv6" "REJECT listed" "$(asked 2001:db8::7 client)"
    same "$type: a sender" "REJECT listed" "$(asked spam@example.org sender)"
    same "$type: a user of another alphabet" "REJECT listed" "$(asked jörg@example.net sasl)"
    for other in jorg@example.net dave@example.net "x' OR '1'='1" "%s" 'a"b\c'; do
        same "$type: not $other" "" "$(asked "$other" sasl)"
    done
    same "$type: not a network" "" "$(asked 192.0.2 client)"
    same "$type: not a domain" "" "$(asked example.org sender)"
    same "$type: no warnings" "" "$(asked carol sasl)$(asked nobody@example.org sender)"
}
check_smtpd() {
    tries_to_send 554 alice alice@example.net 127.0.0.2
    tries_to_send 554 carol SPAM@example.org 127.0.0.2
    tries_to_send 554 carol carol@example.net 127.0.0.9
    tries_to_send 250 carol carol@example.net 127.0.0.2
}

read -r port_submission port_smtps port_smtp port_proxied port_reentry port_maria port_pg <<END
$(free_ports 7)
END
postfix_configure
printf '%s postfix-%s.so dict_%s_open\n' sqlite sqlite sqlite mysql mysql mysql pgsql pgsql pgsql \
    >conf/dynamicmaps.cf
cp conf/main.cf main.cf.plain
dovecot_start

# --- SQLite: the daemon's file -----------------------------------------------------------

mkfifo lines
fill_start() {
    start fill.out "$programs/state_fill" "$work/maps" "$work/maps/postfix-map.db" "$work/lines"
    filler=$started
    exec 3>lines
    written=0
}
written() { [ "$(grep -c written fill.out)" -ge "$written" ]; }
fill() {
    printf '%s\n' "$@" . >&3
    written=$((written + 1))
    wait_for "the state" written
}
fill_start
fill "192.0.2.1 Spam@Example.org Alice 2" "2001:DB8::0:7 - - 3"
configure sqlite
same "2 are not enough" "" "$(asked alice sasl)"
fill "192.0.2.1 spam@example.org alice 1" "127.0.0.9 - - 9" "- - jörg@example.net 5"
check_answers
same "Postfix' user may read it" "REJECT listed" \
    "$(postmap_as nobody alice sqlite "$work/sqlite/spamgear-sasl.cf")"
smtpd_start
check_smtpd
tries_to_send 250 bob@example.net bob@example.net 127.0.0.2
fill "- - bob@example.net 3"
tries_to_send 554 bob@example.net bob@example.net 127.0.0.2 # smtpd has it open all the time

# Who is in order again is forgotten while the state is open, and counts anew.
same "forgotten" "embedded database: Bob@example.net is forgotten; rows that were \
changed: 1" "$("$spamgear" store --config spamgear.conf forget Bob@example.net 2>&1)"
tries_to_send 250 bob@example.net bob@example.net 127.0.0.2
tries_to_send 554 alice alice@example.net 127.0.0.2
fill "- - bob@example.net 2"
tries_to_send 250 bob@example.net bob@example.net 127.0.0.2
fill "- - bob@example.net 1"
tries_to_send 554 bob@example.net bob@example.net 127.0.0.2

# While it is written, much more often than the daemon does: Postfix does not wait for a lock, so
# it may have to come again, but never gets a wrong answer.
(
    i=0
    while [ $i -lt 3000 ]; do
        echo "10.1.$((i / 250)).$((i % 250)) - user$i 3"
        [ $((i % 20)) != 0 ] || echo .
        i=$((i + 1))
    done >&3
) &
busy=$!
tries=0 wrong='' locked=0
while kill -0 $busy 2>/dev/null || [ $tries -lt 50 ]; do
    answer=$(asked alice sasl)
    case $answer in
    "REJECT listed") ;;
    *"database is locked"*) locked=$((locked + 1)) ;;
    *) wrong="$wrong $answer" ;;
    esac
    tries=$((tries + 1))
done
wait $busy
echo "asked $tries times while it is written, $locked times it was locked"
same "no wrong answers" "" "$wrong"
same "seldom locked" "" "$([ $((locked * 3)) -lt $tries ] || echo "$locked of $tries")"

# Killed, it stays readable, for an unprivileged user, too; and the next start knows all.
kill -KILL "-$filler" || give_up "state_fill does not run"
exec 3>&-
same "killed" "REJECT listed" "$(postmap_as nobody alice sqlite "$work/sqlite/spamgear-sasl.cf")"
check_smtpd
rm maps/postfix-map.db
fill_start
fill "- - - 1"
check_answers
exec 3>&-
stop "$master"

# --- MariaDB and PostgreSQL ---------------------------------------------------------------

ask() {
    url=$1
    shift
    timeout 30 "$programs/sql_ask" "$url" "$work/password" 5000 "$@"
}

value() { [ "$1" = - ] || printf '%s' "$1"; }

# rows URL : what the feeder would have brought
rows() {
    number=0
    now=$(date +%s)
    for row in "192.0.2.1 Spam@Example.org Alice 2 0" "192.0.2.1 spam@example.org alice 1 5" \
        "2001:db8::7 - - 3 1" "127.0.0.9 - - 9 9" "- - bob@example.net 2 0" \
        "- - bob@example.net 50 1728001" "- - Jörg@example.net 5 0"; do
        number=$((number + 1))
        # shellcheck disable=SC2086  # words
        set -- "$1" $row
        same "row" "changed 1" "$(ask "$1" "INSERT INTO spamgear_spam (node, life, seq, time, \
verdict_time, queue_id, message_id, sender, client, client_name, sasl, uid, verdict, victims, origin) \
VALUES ('n', 'l', $number, $((now - $6)), $now, '', '', ?, ?, '', ?, '', 'spam', $5, 'plain')" \
            "$(value "$3")" "$(value "$2")" "$(value "$4")")"
    done
}

# spammers URL FORMAT-OF-AN-AGE : postlog-sa's table
spammers() {
    same "spammers" "changed 4" "$(ask "$1" "INSERT INTO spammers (client, created, \
spam_victims_score) VALUES ('192.0.2.1', NOW(), 2), ('192.0.2.1', NOW() - $2, 1), \
('Spam@Example.org', NOW(), 3), ('192.0.2.2', NOW(), 2)")"
    "$spamgear" postfix-map --config spamgear.conf "$type" --table spammers \
        --write "$work/out" >/dev/null || give_up "postfix-map $type spammers"
    same "$type spammers: client" "REJECT listed" \
        "$(postmap_as root 192.0.2.1 "$type" "$work/out/spamgear-client.cf")"
    same "$type spammers: other client" "" \
        "$(postmap_as root 192.0.2.2 "$type" "$work/out/spamgear-client.cf")"
    same "$type spammers: sender" "REJECT listed" \
        "$(postmap_as root spam@example.org "$type" "$work/out/spamgear-sender.cf")"
}

# The map of postlog-sa's Readme, word for word but for the server.
readme() {
    printf '%s\n' 'user = mail' "password = $(cat password)" 'dbname = mail' \
        'select_field = access' 'expansion_limit = 1' "hosts = inet:127.0.0.1:$port_maria" \
        'query = SELECT "REJECT" `access`' \
        '    FROM (SELECT COUNT(*) `hope`, `client`, SUM(spam_victims_score) `vsum`, MAX(`created`) `c`' \
        "        FROM \`spammers\` WHERE \`client\` = '%s'" \
        '        AND `created` >= NOW() - INTERVAL 20 DAY' \
        '        GROUP BY `client`' \
        '            HAVING (1 - POW(EXP(1), -(`vsum`/20))) > 0.1' \
        '    ) `sp`' >out/readme.cf
    for name in 192.0.2.1 spam@example.org; do
        same "postlog-sa's map: $name" REJECT "$(postmap_as root $name mysql "$work/out/readme.cf")"
    done
    same "postlog-sa's map: others" "" "$(postmap_as root 192.0.2.2 mysql "$work/out/readme.cf")"
}

database() { # TYPE URL AGE
    "$programs/state_fill" schema "$2" "$work/password" || give_up "tables of $1"
    rows "$2"
    cp main.cf.plain conf/main.cf
    configure "$1" "$2"
    same "$1: the password is not for everybody" 640 "$(stat -c %a "$1/spamgear-sasl.cf")"
    check_answers
    spammers "$2" "$3"
    smtpd_start
    check_smtpd
    tries_to_send 250 bob@example.net bob@example.net 127.0.0.2
    stop "$master"
}

postgres_make scram-sha-256
postgres_start
mariadb_make
mariadb_start
mariadb_do "CREATE DATABASE mail; CREATE USER mail@'%' IDENTIFIED BY 'p\"w ''x'; \
    GRANT ALL ON mail.* TO mail@'%'"
database mysql "mysql://mail@127.0.0.1:$port_maria/mail" "INTERVAL 19 DAY"
readme
database pgsql "pgsql://mail@127.0.0.1:$port_pg/postgres" "INTERVAL '19 days'"

report
