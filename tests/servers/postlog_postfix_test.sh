#!/bin/sh
# postlog_postfix_test.sh SPAMGEAR - who sent what a content filter calls spam.
#
# A real Postfix with a content filter behind its queue; the daemon follows its log. What the filter
# calls spam must stand in the state with the user who logged in and the client he came from, not
# with the filter that handed the message back; so must what rspamd says. From then on smtpd refuses
# this user wherever he comes from, and not the one whose address he wrote into MAIL FROM.
# shellcheck disable=SC2154,SC2317  # set, or called, by what is sourced
. "$(dirname "$0")/lib.sh"
. "$servers_dir/postfix_traffic.sh"
rows=$(dirname "$spamgear")/postlog_rows

# Lines of the filter go the way of Postfix' own: through postlogd.
filter_start() {
    cat >log-as <<END
#!/bin/sh
while read -r line; do
    LD_LIBRARY_PATH=$postfix_lib $cache/usr/sbin/postlog -c $work/conf -i -t "\$1" "\$line" 2>/dev/null
done
END
    chmod 755 log-as
    start filter.out env PYTHONPATH="$cache/usr/lib/python3/dist-packages" \
        PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$servers_dir/content_filter.py" \
        "$port_filter" "$port_reentry" "$work/log-as" amavis
    wait_for "the filter" listens 127.0.0.1 "$port_filter"
}

filtered_configure() {
    read -r port_submission port_smtps port_smtp port_proxied port_reentry port_filter <<END
$(free_ports 6)
END
    postfix_configure
    cat >>conf/main.cf <<END
smtpd_relay_restrictions = permit_sasl_authenticated, reject
END
    sed -i "s/syslog_name=postfix\/submission\$/& -o content_filter=smtp-amavis:[127.0.0.1]:$port_filter/
        s/\(-o syslog_name=postfix\/reentry\)/\1 -o content_filter=/" conf/master.cf
    cat >>conf/master.cf <<END
smtp-amavis unix - - n - 2 smtp -o smtp_send_xforward_command=yes
  -o syslog_name=postfix/smtp-amavis -o smtp_connection_cache_on_demand=no
END
}

filtered_start() {
    start postfix.out env LD_LIBRARY_PATH="$postfix_lib" \
        "$postfix_lib/sbin/master" -c "$work/conf" -d
    wait_for "Postfix" listens 127.0.0.1 "$port_submission"
}

# sends CODE USER SENDER ADDRESS SUBJECT RECIPIENT... : from this address, as far as Postfix knows; the
# answer to the first recipient is CODE
sends() {
    code=$1 user=$2 sender=$3 address=$4 subject=$5
    shift 5
    {
        printf 'hello\n220 XCLIENT ADDR=%s NAME=[UNAVAILABLE]\nhello\n235 auth %s secret\n' \
            "$address" "$user"
        echo "250 MAIL FROM:<$sender>"
        printf "$code RCPT TO:<%s@example.com>\n" "$@"
        [ "$code" != 250 ] || echo "250 message $subject"
    } | smtp 127.0.0.1 "$port_submission" 127.0.0.1
    passed=$((passed + 1))
}

removed() { [ "$(grep -c ': removed$' postfix.log)" = "$1" ]; }
rows_are() { [ "$("$rows" pl | grep -c ^spam)" = "$1" ]; }

# rspamd_says USER RECIPIENTS : that the message he logged in for was spam
rspamd_says() {
    id=$(sed -n "s/.*submission\/smtpd\[[0-9]*\]: \([0-9A-Za-z]*\): client=.*sasl_username=$1\$/\1/p" postfix.log)
    echo "<8ae27d>; proxy; rspamd_task_write_log: id: <x@example.net>, qid: <$id>, ip: 203.0.113.9, user: $1," \
        "from: <$1@example.net>, (default: T (add header): [9.50/15.00] [BAYES_SPAM(5.10){99%;}])," \
        "len: 400, time: 88.1ms, dns req: 20, digest: <0>, rcpts: <$2>, mime_rcpts: <$2>" |
        sh log-as rspamd
}

filtered_configure
cat >postlog.conf <<END
[postlog]
logs = $work/postfix.log
state = $work/pl
socket =
filter-relays = 127.0.0.1
wait = 1sec
[store]
state = $work/pl
END
mkdir maps
"$spamgear" postfix-map --config postlog.conf sqlite --write "$work/maps" >>conf/main.cf 2>map.err ||
    give_up "postfix-map: $(cat map.err)"
echo 'sqlite postfix-sqlite.so dict_sqlite_open' >conf/dynamicmaps.cf
start daemon.out "$spamgear" postlog --config postlog.conf
daemon=$started
wait_for "the daemon" grep -q started daemon.out
dovecot_start
filtered_start
filter_start

# Alice's account sends in the name of bob, who has nothing to do with it.
sends 250 alice bob@example.net 203.0.113.7 "cheap pills" one two
sends 250 alice bob@example.net IPV6:2001:db8::17 "more pills" one
sends 250 carol carol@example.net 203.0.113.9 "minutes of the meeting" one two three
wait_for "all mail to leave" removed 6
rspamd_says carol one@example.com,two@example.com,three@example.com
wait_for "the rows" rows_are 3
same "spam, who sent it and from where" "2001:db8::17 alice bob@example.net 1 12.2
203.0.113.7 alice bob@example.net 2 12.2
203.0.113.9 carol carol@example.net 3 9.5" "$("$rows" pl | grep ^spam | cut -f 3-7 | tr '\t' ' ' | sort)"

# 3 spam recipients are enough; his own client was seen with 2.
listed() {
    LD_LIBRARY_PATH=$postfix_lib "$cache/usr/sbin/postmap" -c "$work/conf" -q carol \
        "sqlite:$work/maps/spamgear-sasl.cf" | grep -q REJECT
}
wait_for "the map" listed
sends 554 alice alice@example.net 203.0.113.50 "pills" one
sends 554 carol carol@example.net 203.0.113.51 "pills" one
sends 250 bob@example.net bob@example.net 203.0.113.52 "my own mail" one
same "a user was refused, not an address" 2 "$(grep -c 'NOQUEUE: reject: .*spam was sent in this name' postfix.log)"
stop "$daemon"
same "nothing was wrong" "" "$(grep -i -E 'error|warning|cannot' daemon.out)"
report
