#!/bin/sh
# store_test.sh SPAMGEAR - spam events into real MariaDB and PostgreSQL, each once and in order,
# while the servers are killed, stand still, are read-only, or refuse a row; postlog-sa's own table
# and query; and `spamgear store`.
# shellcheck disable=SC2001,SC2005,SC2046,SC2154,SC2317,SC2016  # set, or called, by what is sourced; ?f is no variable
. "$(dirname "$0")/lib.sh"
. "$servers_dir/databases.sh"
feed=$(dirname "$spamgear")/feed
readme='INSERT INTO `spammers`(`client`, `created`, `spam_victims_score`)     VALUES(?f, ?t, ?s), (?c, ?t, ?s)     ON DUPLICATE KEY UPDATE `client` = `client`'
readme_pg='INSERT INTO spammers(client, created, spam_victims_score) VALUES(?f, ?t, ?s), (?c, ?t, ?s) ON CONFLICT DO NOTHING'

# feed_begin QUERY [FLEET] : a feeder in the background, that takes orders from descriptor 7
feed_begin() {
    rm -f orders
    mkfifo orders
    start feed.out sh -c 'exec "$0" "$@" <orders' "$feed" "$work/state" "$url" '' "$1" node1 \
        "${2:-0}" 2000
    feeding=$started
    exec 7>orders
}

feed_end() {
    exec 7>&-
    stop "$feeding"
}

order() { echo "$*" >&7; }
heard() { grep -q "$1" feed.out; }
hear() { wait_for "\"$1\" of the feeder" heard "$1"; }

# each_once COUNT : node, order and number
each_once() {
    same "$kind $what: each once" "$1 $1" "$(do_sql 'SELECT count(*) FROM spamgear_spam') $(do_sql \
        'SELECT count(DISTINCT queue_id) FROM spamgear_spam')"
    do_sql 'SELECT queue_id FROM spamgear_spam ORDER BY life, seq' >got_ids
    sort -V got_ids >sorted_ids
    same "$kind $what: in order" "$(cat sorted_ids)" "$(cat got_ids)"
}

fresh() {
    what=$1
    do_sql 'DELETE FROM spamgear_spam'
    do_sql 'DELETE FROM spammers'
    rm -rf state
    mkdir -m 700 state
}

test_tables() {
    config "$url" "query = $query"
    mkdir -m 700 state
    same "$kind: check before" 2 "$("$spamgear" store --config store.conf check >check.out 2>&1
        echo $?)"
    same "$kind: init" "embedded database: is there, and of this version
other database: made version 1 of the tables
other database: made version 2 of the tables
other database: made the table spammers" \
        "$("$spamgear" store --config store.conf init --with-spammers 2>&1)"
    same "$kind: init again" "other database: is of this version already" \
        "$("$spamgear" store --config store.conf init --with-spammers 2>&1 | tail -n 1)"
    same "$kind: check" "other database: tables and rights are well
query: is understood, and takes a row" "$("$spamgear" store --config store.conf check 2>&1 | tail -n 2)"
    do_sql 'UPDATE spamgear_schema SET version = 99'
    same "$kind: newer" 2 "$("$spamgear" store --config store.conf upgrade >/dev/null 2>&1
        echo $?)"
    do_sql 'ALTER TABLE spamgear_flow DROP COLUMN trusted'
    do_sql 'UPDATE spamgear_schema SET version = 1'
    same "$kind: older" 1 "$("$spamgear" store --config store.conf check 2>&1 |
        grep -c 'the tables are of version 1: spamgear store upgrade makes it 2')"
    same "$kind: upgrade" "other database: made version 2 of the tables" \
        "$("$spamgear" store --config store.conf upgrade 2>&1 | tail -n 1)"
    do_sql 'UPDATE spamgear_schema SET version = 0' # as if it was killed before the end
    same "$kind: upgrade again" "other database: made version 2 of the tables" \
        "$("$spamgear" store --config store.conf upgrade 2>&1 | tail -n 1)"
    same "$kind: is whole" 1 "$("$spamgear" store --config store.conf check 2>&1 |
        grep -c '^other database: tables and rights are well')"
}

store() { "$spamgear" store --config store.conf "$1" 2>&1; }

# What somebody removed is noticed, and made again; what was spoilt is noticed.
test_missing() {
    do_sql 'DROP TABLE spamgear_flow'
    do_sql 'DROP TABLE spamgear_spam'
    if [ "$kind" = mysql ]; then do_sql 'DROP INDEX spamgear_client_minute ON spamgear_client'; else
        do_sql 'DROP INDEX spamgear_client_minute'; fi
    same "$kind: missing" "column spamgear_flow.trusted
index spamgear_client_minute
index spamgear_flow_minute
index spamgear_flow_stamp
index spamgear_spam_client
index spamgear_spam_sasl
index spamgear_spam_sender
index spamgear_spam_time
table spamgear_flow
table spamgear_spam" "$(store check | sed -n \
        's/.*: other database: the \(.*\) is missing: spamgear store init makes it$/\1/p' | sort)"
    same "$kind: made again" 10 "$(store upgrade | grep -c '^other database: made the ')"
    same "$kind: well again" "other database: tables and rights are well" \
        "$(store check | grep '^other')"
    do_sql 'ALTER TABLE spamgear_claim DROP COLUMN confirmed'
    same "$kind: a column" 1 "$(store check | grep -c 'other database:.*confirmed')"
    do_sql 'DROP TABLE spamgear_claim'
    if [ "$kind" = mysql ]; then do_sql 'ALTER TABLE spamgear_flow DROP PRIMARY KEY'; else
        do_sql 'ALTER TABLE spamgear_flow DROP CONSTRAINT spamgear_flow_pkey'; fi
    same "$kind: a table and a column" "other database: made the table spamgear_claim" \
        "$(store init | grep '^other')"
    same "$kind: a key" 1 \
        "$(store check | grep -c 'the table spamgear_flow takes the same row twice')"
    do_sql 'DROP TABLE spamgear_flow'
    store init >/dev/null
    same "$kind: and well" "other database: tables and rights are well" \
        "$(store check | grep '^other')"
}

# Who answers is known, and nobody reads along.
test_tls() {
    asks() { "$(dirname "$spamgear")/sql_ask" "$1" '' 5000 "$encrypted" 2>&1; }
    if [ "$kind" = mysql ]; then
        encrypted="SELECT variable_value <> '' FROM information_schema.session_status WHERE
            variable_name = 'Ssl_cipher'" yes='changed 0 [1]'
    else
        encrypted='SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()' yes='changed 0 [t]'
    fi
    same "$kind: encrypted" "$yes" "$(asks "$url?tls=require")"
    same "$kind: and known" "$yes" "$(asks "$url?tls=verify&tls-ca=$work/tls/crt")"
    for wrong in "$url?tls=verify&tls-ca=$work/tls/other" "$url?tls=verify&tls-ca=$work/none" \
        "$(echo "$url" | sed s/127.0.0.1/localhost/)?tls=verify&tls-ca=$work/tls/crt"; do
        same "$kind: refused: $wrong" failed: "$(asks "$wrong" | cut -d ' ' -f 1)"
    done
}

# What an administrator gets to read when something is wrong; never the password.
test_sentences() {
    config "${url%%@*}@127.0.0.1:1/mail"
    same "$kind: server is down" "2 1" "$("$spamgear" store --config store.conf check >check.out 2>&1
        echo $? "$(grep -c ': other database: the [A-Za-z]* server: ' check.out)")"
    echo secretword >wrong
    chmod 600 wrong
    config "$url" "password-file = $work/wrong"
    "$spamgear" store --config store.conf check >check.out 2>&1
    same "$kind: the password" 0 "$(grep -c secretword check.out)"
    config "$(echo "$url" | sed 's/mail@/nobody@/')"
    same "$kind: no such user" 2 "$("$spamgear" store --config store.conf check >check.out 2>&1
        echo $?)"
    do_sql "INSERT INTO spamgear_spam SELECT 'n', 'l', 1, $(($(date +%s) - 40 * 86400)), 0, '', '', '', '',
        '', '', '', '', 1, 1, 1, '', NULL"
    same "$kind: purge, but not who may be listed" "other database: removed 0 rows" "$(config "$url" '' \
        '[listing]' 'days = 60'
        "$spamgear" store --config store.conf purge 2>&1)"
    same "$kind: purge" "other database: removed 1 rows" "$(config "$url"
        "$spamgear" store --config store.conf purge 2>&1)"
    same "$kind: many rows at once" well "$("$(dirname "$spamgear")/link_rows" "$url" 2>/dev/null |
        tee link.out | sed 's/ [0-9]*$//')"
}

# The original's table and query, with values that no text column takes as they are.
test_query() {
    fresh query
    feed_begin "$query"
    order event 3ZabcDEF bob@example.org 192.0.2.1 3
    order event 3ZabcDEG bob@example.org 192.0.2.1 4
    order bad
    order wait 20
    hear complete
    feed_end
    same "$kind: spammers" "192.0.2.1 2025-11-22 06:32:34 3
bob@example.org 2025-11-22 06:32:34 3" "$(do_sql "SELECT client, created, spam_victims_score FROM
        spammers WHERE client LIKE '%b%' AND client NOT LIKE 'a%' OR client LIKE '192%' ORDER BY 1" |
        tr '\t' ' ')"
    same "$kind: bytes" 1 "$(do_sql "SELECT count(*) FROM spamgear_spam WHERE sender LIKE '%--@b'")"
    same "$kind: all rows" 3 "$(do_sql 'SELECT count(*) FROM spamgear_spam')"
}

# Every letter, in columns of their types; quotes and comments are text.
test_letters() {
    fresh letters
    time=DATETIME
    [ "$kind" = mysql ] || time=TIMESTAMP
    do_sql "CREATE TABLE letters(i VARCHAR(40), m VARCHAR(90), f VARCHAR(90), c VARCHAR(40), t $time, s INT,
        u VARCHAR(40), v VARCHAR(40), p DOUBLE PRECISION, q VARCHAR(40))"
    feed_begin "INSERT INTO letters /* it's ?x */ (i, m, f, c, t, s, u, v, p, q) -- ?y
        VALUES(?i, ?m, ?f, ?c, ?t, ?s, ?u, ?v, ?p, 'it''s ?f')"
    order spam 1
    order event E1 a@b 2001:db8::1 7
    order wait 20
    hear complete
    same "$kind: letters" "E1  a@b 2001:db8::1 7  spammy - it's ?f
Q1 20251122063234.4AB1@mail.example.net sender@example.net 198.51.100.1 2 user1 spam 12.5 it's ?f" \
        "$(do_sql "SELECT CONCAT(i, ' ', m, ' ', f, ' ', c, ' ', s, ' ', u, ' ', v, ' ', CASE WHEN p IS NULL THEN '-' ELSE CONCAT(p) END, ' ', q)
        FROM letters ORDER BY i")"
    same "$kind: time" 1 "$(do_sql "SELECT count(*) FROM letters WHERE i = 'E1' AND t =
        '2025-11-22 06:32:34'")"
    feed_end
    do_sql 'DROP TABLE letters'
}

test_kills() {
    fresh kills
    feed_begin "$query"
    for _ in 1 2; do
        order spam 20000
        sleep 0.3
        kill_database
        sleep 1.5
        order spam 100
        start_database
    done
    order wait 60
    hear complete
    each_once 40200
    same "$kind: the trouble was told" 0 "$(grep -q '^trouble: .*rows wait here' feed.out
        echo $?)"
    same "$kind: and its end" 0 "$(grep -q '^tell: the database is back' feed.out
        echo $?)"
    feed_end
}

# It is not there when the feeder begins, and comes later: asked again, and nothing was lost.
test_down_at_start() {
    fresh "down at the start"
    kill_database
    feed_begin "$query"
    order spam 100
    order sleep 2500
    hear "rows wait here"
    start_database
    order wait 20
    hear complete
    each_once 100
    feed_end
}

# The child of the child of feed.
kill_worker() {
    worker=$(cat /proc/[0-9]*/stat 2>/dev/null | awk -v group="$feeding" '
        $5 == group && $2 == "(feed)" { parent[$1] = $4 }
        END { for (p in parent) if (parent[p] in parent && parent[parent[p]] in parent) print p }')
    [ -z "$worker" ] || kill -KILL "$worker"
}

# The feeder itself is killed, and begins again where it was.
test_feeder_killed() {
    fresh "feeder killed"
    feed_begin "$query"
    for _ in 1 2 3; do
        order spam 5000
        sleep 0.2
        kill_worker
        sleep 0.5
    done
    order wait 60
    hear complete
    each_once 15000
    feed_end
}

test_still() {
    fresh "stands still"
    feed_begin "$query"
    order spam 100
    order wait 20
    hear complete
    pause_database STOP
    order spam 5000
    order sleep 6000
    hear '^trouble: .*5[01]00 rows wait here'
    pause_database CONT
    : >feed.mark
    order wait 60
    wait_for "the rest" rows_are 5100
    each_once 5100
    feed_end
}
rows_are() { [ "$(do_sql 'SELECT count(*) FROM spamgear_spam')" = "$1" ]; }

read_only() {
    if [ "$kind" = mysql ]; then
        mariadb_do "SET GLOBAL read_only = $1"
    else
        postgres_do "ALTER SYSTEM SET default_transaction_read_only = $1"
        postgres_do 'SELECT pg_reload_conf()' >/dev/null
    fi
}

test_read_only() {
    fresh "read-only"
    feed_begin "$query"
    order spam 10
    order wait 20
    hear complete
    read_only on
    order spam 1000
    order sleep 4000
    hear '^trouble: .*read.only.*rows wait here'
    read_only off
    order wait 60
    wait_for "the rest" rows_are 1010
    each_once 1010
    feed_end
}

# A row that the query's table does not take stands in ours with a note, and nothing waits for it.
test_refused() {
    fresh refused
    do_sql 'CREATE TABLE narrow(client VARCHAR(15) NOT NULL PRIMARY KEY)'
    feed_begin 'INSERT INTO narrow(client) VALUES(?f)'
    order event Q1 a@b 192.0.2.1 1
    order event Q2 much-too-long-for-it@example.org 192.0.2.2 1
    order event Q3 c@d 192.0.2.3 1
    order event Q4 a@b 192.0.2.4 1
    order wait 20
    hear complete
    same "$kind: set aside" "$(printf 'Q2\nQ4')" \
        "$(do_sql 'SELECT queue_id FROM spamgear_spam WHERE note IS NOT NULL ORDER BY 1')"
    same "$kind: the others" "$(printf 'a@b\nc@d')" "$(do_sql 'SELECT client FROM narrow ORDER BY 1')"
    same "$kind: told" 2 "$(grep -c '^trouble: row .* is set aside' feed.out)"
    each_once 4
    feed_end
    do_sql 'DROP TABLE narrow'
}

# postlog-sa's table in the engine and character set of its Readme takes a row of any sender, since a
# strange address would be a way around being listed.
test_any_sender() {
    fresh "any sender"
    [ "$kind" = pgsql ] || do_sql 'DROP TABLE spammers; CREATE TABLE spammers (client varchar(255) NOT
        NULL, created datetime NOT NULL, spam_victims_score int(10) NOT NULL DEFAULT 0, PRIMARY KEY
        (client, created)) ENGINE=MyISAM DEFAULT CHARSET=latin1'
    config "$url" "query = $query"
    feed_begin "$query"
    order spam 1
    order wait 20
    hear complete
    "$spamgear" store --config store.conf check >check.out 2>&1
    same "$kind: engine" "0 $([ "$kind" = pgsql ] || echo "query: spammers (MyISAM) has no transactions: after a lost connection a row may come twice; ALTER TABLE ... ENGINE=InnoDB")" \
        "$? $(grep MyISAM check.out)"
    order event Q1 "$(printf 'sp\360\237\230\200m@example.org')" 192.0.2.1 1
    order long 65536 192.0.2.2
    order bad
    order event Q4 plain@example.org 192.0.2.4 1
    order wait 20
    wait_for "the strange ones" rows_are 5
    same "$kind: clients" "192.0.2.1 192.0.2.2 192.0.2.4" "$(do_sql "SELECT client FROM spammers
        WHERE client LIKE '192%' ORDER BY 1" | paste -s -d ' ')"
    same "$kind: none is set aside" "0 0" "$(do_sql 'SELECT count(*) FROM spamgear_spam WHERE note IS
        NOT NULL') $(grep -c 'set aside' feed.out)"
    same "$kind: strange ones are there, too" 8 "$(do_sql "SELECT count(*) FROM spammers WHERE client NOT
        LIKE 'plain%' AND client <> '192.0.2.4'")"
    feed_end
    [ "$kind" = pgsql ] || do_sql 'ALTER TABLE spammers ENGINE=InnoDB CHARACTER SET utf8mb4'
}

# A query that no row gets through is not the rows' fault: they wait.
test_wrong_query() {
    fresh "wrong query"
    do_sql 'CREATE TABLE other(client VARCHAR(90) NOT NULL, points INT NOT NULL)'
    feed_begin 'INSERT INTO other(client, points) VALUES(?f, ?f)'
    order spam 30
    order sleep 1300
    hear 'trouble: the query is refused for any row.*30 rows wait here'
    same "$kind: check finds it" "2 1" "$(config "$url" 'query = INSERT INTO other(client, points)
    VALUES(?f, ?f)'
        "$spamgear" store --config store.conf check >check.out 2>&1
        echo $? "$(grep -c '^[^ ]* query: ' check.out)")"
    same "$kind: none is set aside" "0" "$(do_sql 'SELECT count(*) FROM spamgear_spam')"
    if [ "$kind" = mysql ]; then do_sql 'ALTER TABLE other MODIFY points VARCHAR(90)'; else
        do_sql 'ALTER TABLE other ALTER COLUMN points TYPE VARCHAR(90)'; fi
    order wait 20
    hear complete
    each_once 30
    # Right in the beginning, wrong later: not more than a few are lost for the query.
    if [ "$kind" = mysql ]; then do_sql 'DELETE FROM other; ALTER TABLE other MODIFY points INT'; else
        do_sql 'ALTER TABLE other ADD CONSTRAINT never CHECK (length(client) < 3) NOT VALID'; fi
    order spam 5000
    order sleep 1000
    hear 'trouble: the query is refused for any row.*rows wait here'
    same "$kind: few are set aside" yes "$([ "$(do_sql 'SELECT count(*) FROM spamgear_spam')" -lt 50 ] &&
        echo yes)"
    feed_end
    do_sql 'DROP TABLE other'
}

# A state that was put back to an older copy: what is new there is not taken for what was sent.
test_restored() {
    fresh restored
    feed_begin ''
    order spam 100
    order wait 20
    hear complete
    feed_end
    cp -r state older
    feed_begin ''
    order spam 50
    order wait 20
    hear complete
    feed_end
    rm -rf state
    mv older state
    feed_begin ''
    order event N1 a@b 192.0.2.1 1
    order spam 200
    order sleep 1300
    hear 'trouble: .*older copy of itself.*rows wait here'
    same "$kind: a running daemon" 2 "$("$spamgear" store --config store.conf restored 2>/dev/null
        echo $?)"
    feed_end
    same "$kind: nothing is mixed" 150 "$(do_sql 'SELECT count(*) FROM spamgear_spam')"
    same "$kind: the way out" "embedded database: has a new number: its rows are new ones to the other \
database" "$("$spamgear" store --config store.conf restored 2>&1)"
    feed_begin ''
    order wait 20
    hear complete
    same "$kind: all of them" 351 "$(do_sql 'SELECT count(*) FROM spamgear_spam')"
    feed_end
}

# An embedded database that is made anew counts anew, and nothing is lost.
test_anew() {
    fresh anew
    feed_begin "$query"
    order spam 50
    order wait 20
    hear complete
    feed_end
    rm -rf state
    mkdir -m 700 state
    feed_begin "$query"
    order spam 70
    order wait 20
    hear complete
    feed_end
    same "$kind: both lives" 120 "$(do_sql 'SELECT count(*) FROM spamgear_spam')"
    same "$kind: two of them" 2 "$(do_sql 'SELECT count(DISTINCT life) FROM spamgear_spam')"
}

# Whoever is forgotten is so here and there, and the rows of the others stay.
test_forget() {
    fresh forget
    feed_begin ''
    order event N1 Anna@example.net 192.0.2.1 1
    order event N2 anna@example.net 2001:DB8::0:7 1
    order event N3 bob@example.net 192.0.2.1 1
    order wait 20
    hear complete
    same "$kind: forget" "embedded database: ANNA@example.net is forgotten; rows that were \
changed: 2
other database: ANNA@example.net is forgotten; rows that were changed: 2" \
        "$("$spamgear" store --config store.conf forget ANNA@example.net 2>&1)"
    same "$kind: forget an address" 0 "$("$spamgear" store --config store.conf forget 192.0.2.1 \
        >/dev/null 2>&1
        echo $?)"
    same "$kind: who is left" "bob@example.net" \
        "$(do_sql "SELECT sender FROM spamgear_spam WHERE sender <> ''")"
    same "$kind: from where" 2001:db8::7 "$(do_sql "SELECT client FROM spamgear_spam WHERE client <> ''")"
    same "$kind: however written" 2 "$("$spamgear" store --config store.conf forget 2001:db8:0::7 \
        2>&1 | grep -c 'rows that were changed: 1')"
    feed_end
}

# Without our tables the query alone is fed, and it is told that a row may come twice.
test_alone() {
    fresh alone
    do_sql 'DROP TABLE spamgear_schema'
    feed_begin "$query"
    order event Q1 a@b 192.0.2.1 1
    order wait 20
    hear complete
    same "$kind: without our tables" 2 "$(do_sql 'SELECT count(*) FROM spammers')"
    same "$kind: told once" 1 "$(grep -c 'comes twice' feed.out)"
    feed_end
    "$spamgear" store --config store.conf init >/dev/null 2>&1
}

tls=1
tls_make
databases_start
for kind in ${KINDS:-mysql pgsql}; do
    eval "url=\$url_$kind"
    if [ "$kind" = mysql ]; then query=$readme; else query=$readme_pg; fi
    rm -rf state
    test_tables
    test_missing
    test_tls
    test_sentences
    test_query
    test_letters
    test_kills
    test_down_at_start
    test_feeder_killed
    test_still
    test_read_only
    test_refused
    test_any_sender
    test_wrong_query
    test_restored
    test_anew
    test_forget
    test_alone
done
report
