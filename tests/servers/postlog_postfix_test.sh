#!/bin/sh
# postlog_postfix_test.sh SPAMGEAR - who sent what a content filter calls spam.
#
# A real Postfix with a content filter behind its queue; the daemon reads its log. What the filter
# calls spam must stand in the state with the user who logged in and the client he came from, not
# with the filter that handed the message back. (postfix_map_test.sh has smtpd refuse him.)
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

# sends USER ADDRESS SUBJECT RECIPIENT... : from this address, as far as Postfix knows
sends() {
    user=$1 address=$2 subject=$3
    shift 3
    {
        printf 'hello\n220 XCLIENT ADDR=%s NAME=[UNAVAILABLE]\nhello\n235 auth %s secret\n' \
            "$address" "$user"
        echo "250 MAIL FROM:<$user@example.net>"
        printf '250 RCPT TO:<%s@example.com>\n' "$@"
        echo "250 message $subject"
    } | smtp 127.0.0.1 "$port_submission" 127.0.0.1
}

removed() { [ "$(grep -c ': removed$' postfix.log)" = "$1" ]; }

filtered_configure
dovecot_start
filtered_start
filter_start
sends alice 203.0.113.7 "cheap pills" one two
sends alice IPV6:2001:db8::17 "more pills" one
sends carol 203.0.113.9 "minutes of the meeting" one two three
wait_for "all mail to leave" removed 6
cat >postlog.conf <<END
[postlog]
logs = $work/postfix.log
state = $work/pl
socket =
filter-relays = 127.0.0.1
END
timeout 60 "$spamgear" postlog --config postlog.conf --once 2>postlog.err
same "the daemon's status" 0 $?
same "spam, who sent it and from where" "203.0.113.7 alice alice@example.net 2 12.2
2001:db8::17 alice alice@example.net 1 12.2" "$("$rows" pl | grep ^spam | cut -f 3-7 | tr '\t' ' ')"
report
