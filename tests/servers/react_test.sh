#!/bin/sh
# react_test.sh SPAMGEAR - a stolen account, from the log of a real Postfix and of a real Exim to one
# lock, one held queue and one mail, and back again. The accounts are those of a folder.
# shellcheck disable=SC2154,SC2317  # set, or called, by what is sourced
. "$(dirname "$0")/lib.sh"
. "$servers_dir/postfix_traffic.sh"
. "$servers_dir/exim.sh"

read -r port_sink port_exim <<END
$(free_ports 2)
END

# --- what is to be stopped ------------------------------------------------------------

# A root of its own, with users that the machine does not have.
accounts() {
    mkdir -p root/etc bin
    cat >root/etc/passwd <<'END'
root:x:0:0::/root:/bin/sh
alice:x:1500:1500::/home/alice:/bin/sh
carol:x:1501:1501::/home/carol:/bin/sh
END
    printf 'root:x:0:\nalice:x:1500:\ncarol:x:1501:\n' >root/etc/group
    cat >root/etc/shadow <<'END'
root:*:19000:0:99999:7:::
alice:$6$salt$hash-of-alice:19000:0:99999:7:::
carol:$6$salt$hash-of-carol:19000:0:99999:7:::
END
    chmod 600 root/etc/shadow
    cp root/etc/shadow shadow.before
}

sink_start() {
    start sink.out env PYTHONPATH="$cache/usr/lib/python3/dist-packages" \
        PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 -m aiosmtpd -n -l "127.0.0.1:$port_sink" \
        -c aiosmtpd.handlers.Mailbox "$work/inbox"
    wait_for "the SMTP sink" listens 127.0.0.1 "$port_sink"
}

# config NAME METHODS REACT-LINE... : NAME.conf, with a state of its own
config() {
    name=$1
    methods=$2
    shift 2
    {
        printf '[react]\nstate = %s\npasswd-root = %s\nmethods = %s\n' \
            "$work/state-$name" "$work/root" "$methods"
        printf '%s\n' "$@"
        printf '[mail]\nsmtp = smtp://127.0.0.1:%s\ntls = off\nto = admin@example.org\n' "$port_sink"
        printf 'from = spamgear@mx.example.net\nspool = %s\n' "$work/waiting"
        printf '[spamgear]\ndisable-account = 5,5\nmax-connections = 10\n'
        printf '[emergency]\nmail-server = postfix\npostfix-config = %s\nspool =\n' "$work/conf"
    } >"$name.conf"
}

# --- the state of the world -----------------------------------------------------------

locked() { diff shadow.before root/etc/shadow | sed -n 's/^> \([a-z]*\):!.*:1:$/\1/p'; }
mails() { find inbox/new -type f 2>/dev/null | wc -l; }
queued() { find "spool/$1" -type f | wc -l; }

# run NAME CONFIG ARGUMENT... : a checker, as cron would run it; sets $status
run() {
    run_config=$2
    run_name=$1
    shift 2
    timeout 120 "$spamgear" "$@" --config "$run_config.conf" >"$run_name.out" 2>"$run_name.err"
    status=$?
}

# What a report says about a user; of the log line his name and the mark behind it.
told() {
    perl -ne 'print if s/^(\d.*) -- .*(?:sasl_username=|A=plain_server:)(\w+)(?:.*?)?( \[[A-Z ]+\])?$/$1 $2$3/ || /^    /' \
        "$1.out"
}

# --- Postfix --------------------------------------------------------------------------

# smtpd opens the map of disabled accounts when it starts: it is made before, by hand.
make_map() {
    mkdir -p conf maps
    chmod 755 maps
    echo 'sqlite postfix-sqlite.so dict_sqlite_open' >conf/dynamicmaps.cf
    cat >conf/sasl.cf <<END
dbpath = $work/maps/access.sqlite
query = SELECT action FROM access WHERE name = '%s'
END
    config map postfix-map "$map"
    run by-hand map account disable nobody
    run by-hand map case undo 1
    same "a map, made by hand" "0 " "$status $(cat by-hand.err)"
}

# accepts CODE USER : what Postfix says now when this user wants to send
accepts() {
    smtp 127.0.0.1 "$port_submission" 127.0.0.1 <<END
hello
235 auth $2 secret
250 MAIL FROM:<$2@example.net>
$1 RCPT TO:<one@example.com>
250 RSET
END
    passed=$((passed + 1))
}

start_postfix() {
    map=map-file=$work/maps/access.sqlite
    make_map
    postfix_start 'defer_transports = discard' \
        "smtpd_sender_restrictions = check_sasl_access sqlite:$work/conf/sasl.cf"
    for program in postsuper postqueue postconf; do
        printf '#!/bin/sh\nexec env LD_LIBRARY_PATH=%s %s "$@"\n' "$postfix_lib" \
            "$cache/usr/sbin/$program" >"bin/$program"
        chmod 755 "bin/$program"
    done
}

# 16 messages of alice from 8 networks without a name, and one of bob.
botnet_to_postfix() {
    for network in 1 2 3 4 5 6 7 8; do
        smtp 127.0.0.1 "$port_submission" 127.0.0.1 <<END
hello
220 XCLIENT ADDR=203.0.$network.7 NAME=[UNAVAILABLE]
hello
235 auth alice secret
250 MAIL FROM:<alice@example.net>
250 RCPT TO:<one@example.com>
250 message spam
250 MAIL FROM:<alice@example.net>
250 RCPT TO:<two@example.com>
250 message more spam
END
    done
    smtp 127.0.0.1 "$port_submission" 127.0.0.1 <<'END'
hello
235 auth bob@example.net secret
250 MAIL FROM:<bob@example.net>
250 RCPT TO:<one@example.com>
250 message an honest one
END
}

all_deferred() { [ "$(queued deferred)" = 17 ]; }

one_deferred() { [ "$(queued deferred)" = 1 ]; }

# A locked password ends no session: what still comes is held by the next run.
test_open_session() {
    told_before=$(mails)
    smtp 127.0.0.1 "$port_submission" 127.0.0.1 <<'END'
hello
235 auth alice secret
250 MAIL FROM:<alice@example.net>
250 RCPT TO:<one@example.com>
250 message one more
END
    wait_for "one more to be deferred" one_deferred
    run open empty postfix-spam-check -l postfix.log --trusted-logs postfix.log
    same "open session: status" "0 " "$status $(cat open.err)"
    same "open session: told" '    case 1: done: hold the queued mail of alice: 1 message' \
        "$(told open | tail -n 1)"
    same "open session: held, no mail" "1 0 $told_before" "$(queued hold) $(queued deferred) $(mails)"
    run still empty postfix-spam-check -l postfix.log --trusted-logs postfix.log
    same "open session: once" '    case 1: in force since an earlier run' "$(told still | tail -n 1)"
    same "open session: status by hand" 'hold-queue: in force (case 1, done)' \
        "$("$spamgear" account status alice --config empty.conf | tail -n 1)"
}

# All of it left before anybody looked: nothing to hold is no failure, now or later.
test_empty_queue() {
    bin/postsuper -c "$work/conf" -d ALL 2>postsuper.err
    same "an empty queue" "0 0" "$(queued hold) $(queued deferred)"
    config empty 'local hold-queue' mail-server=postfix postfix-config="$work/conf" postfix-programs="$work/bin"
    for time in first second; do
        run empty empty postfix-spam-check -l postfix.log --trusted-logs postfix.log
        same "empty queue, $time run: status" "0 " "$status $(cat empty.err)"
        same "empty queue, $time run: disabled" "$postfix_told [DISABLED]" "$(told empty | head -n 1)"
    done
    test_open_session
    run undo empty case undo 1
    same "open session: let go" '0 1' "$(queued hold) $(queued deferred)"
    same "empty queue: undo" "0 $(cat shadow.before)" "$status $(cat root/etc/shadow)"
}

postfix_told='16 (8 nets/8 unknowns/8 IPs/0 webmail) alice'

test_postfix() {
    start_postfix
    botnet_to_postfix
    wait_for "all mail to be deferred" all_deferred
    config postfix 'local postfix-map hold-queue' "$map" mail-server=postfix \
        postfix-config="$work/conf" postfix-programs="$work/bin"

    run plain postfix postfix-spam-check -l postfix.log
    same "plain log: status" "0 " "$status $(cat plain.err)"
    same "plain log: only told" "$postfix_told
    not done: any local user could have written the log lines of 16 of 16 messages (see trusted-logs, journal, and trust-plain-logs)
    would: lock the password of alice (UID 1500) and expire the account
    would: let Postfix refuse mail of alice (sqlite:$work/maps/access.sqlite)
    would: hold the queued mail of alice: 16 messages" "$(told plain)"
    same "plain log: nothing happened" ' 0 0' "$(locked) $(queued hold) $(mails)"

    # The originals' line of cron: what goes through emergency-mail comes out as it went in.
    "$spamgear" postfix-spam-check -p 1hour -m 10 -d 5,5 -w 192.0.2.1 --config postfix.conf \
        -l postfix.log 2>pipe.err | "$spamgear" emergency-mail 3000 --config postfix.conf >pipe.out 2>>pipe.err
    same "through emergency-mail" "$(cat plain.out plain.err)" "$(cat pipe.out pipe.err)"

    run dry postfix postfix-spam-check -l postfix.log --trusted-logs postfix.log --dry-run
    same "dry run: status" "0 " "$status $(cat dry.err)"
    same "dry run: only told" "$postfix_told
    would: lock the password of alice (UID 1500) and expire the account
    would: let Postfix refuse mail of alice (sqlite:$work/maps/access.sqlite)
    would: hold the queued mail of alice: 16 messages" "$(told dry)"
    same "dry run: nothing happened" ' 0 0' "$(locked) $(queued hold) $(mails)"

    run first postfix postfix-spam-check -l postfix.log --trusted-logs postfix.log
    same "disabled: status" "0 " "$status $(cat first.err)"
    same "disabled: told" "$postfix_told [DISABLED]
    case 1: done: lock the password of alice (UID 1500) and expire the account
    case 1: done: let Postfix refuse mail of alice (sqlite:$work/maps/access.sqlite)
    case 1: done: hold the queued mail of alice: 16 messages" "$(told first)"
    same "one lock, one held queue, one mail" 'alice 16 1' "$(locked) $(queued hold) $(mails)"
    same "nobody else's mail" 1 "$(queued deferred)"
    same "the mail's subject" 1 "$(cat inbox/new/* | grep -c 'USER alice DISABLED')"

    run second postfix postfix-spam-check -l postfix.log --trusted-logs postfix.log
    same "second run: status" "0 " "$status $(cat second.err)"
    same "second run: told" "$postfix_told [DISABLED]
    case 1: in force since an earlier run" "$(told second)"
    same "second run: nothing happened" 'alice 16 1' "$(locked) $(queued hold) $(mails)"

    accepts 554 alice

    run why postfix why alice -l postfix.log --applet postfix-spam-check
    same "why" 1 "$(grep -c '  case     1, open since .*: 16 messages in 1 hour' why.out)"

    run undo postfix case undo 1
    same "undo: status" "0 " "$status $(cat undo.err)"
    same "undo: the account" "$(cat shadow.before)" "$(cat root/etc/shadow)"
    same "undo: the queue" '0 1' "$(queued hold) $(mails)"
    wait_for "the queue to be as before" all_deferred

    run after postfix postfix-spam-check -l postfix.log --trusted-logs postfix.log
    same "let go: not locked again for what was before" ' 0 1' "$(locked) $(queued hold) $(mails)"
    same "let go: why not" 1 "$(grep -c 'case 1 was closed at' after.out)"
    test_empty_queue
    accepts 250 alice
    stop_all
}

# --- Exim -----------------------------------------------------------------------------

# 16 messages of carol from 8 networks, and one of dave.
botnet_to_exim() {
    for network in 1 2 3 4 5 6 7 8; do
        smtp 127.0.0.1 "$port_exim" "127.$network.0.7" <<'END'
hello
235 auth carol secret
250 MAIL FROM:<carol@example.net>
250 RCPT TO:<one@example.com>
250 message spam
250 MAIL FROM:<carol@example.net>
250 RCPT TO:<two@example.com>
250 message more spam
END
    done
    smtp 127.0.0.1 "$port_exim" 127.0.0.2 <<'END'
hello
235 auth dave secret
250 MAIL FROM:<dave@example.net>
250 RCPT TO:<one@example.com>
250 message an honest one
END
}

frozen() { exim -bp | grep -c frozen; }
waiting() { exim -bpc; }

exim_told='16 (8 nets/8 unknowns/8 IPs/0 webmail) carol'

test_exim() {
    exim_configure 'queue_only = true
acl_smtp_rcpt = acl_rcpt' <<'END'
begin acl
acl_rcpt:
  accept authenticated = *
begin routers
END
    sink_start
    exim_start "$port_exim"
    botnet_to_exim
    config exim 'local hold-queue' mail-server=exim exim="$work/exim/exim4" exim-spool="$work/exim/spool"
    mails_before=$(mails)

    run exim-first exim exim-spam-check -l exim/log/mainlog --trusted-logs 'exim/log/mainlog'
    same "Exim: status" "0 " "$status $(cat exim-first.err)"
    same "Exim: told" "$exim_told [DISABLED]
    case 1: done: lock the password of carol (UID 1501) and expire the account
    case 1: done: hold the queued mail of carol: 16 messages" "$(told exim-first)"
    same "Exim: one lock, one held queue, one mail" "carol 16 of 17 1" \
        "$(locked) $(frozen) of $(waiting) $(($(mails) - mails_before))"

    run exim-second exim exim-spam-check -l exim/log/mainlog --trusted-logs 'exim/log/mainlog'
    same "Exim, second run: told" "$exim_told [DISABLED]
    case 1: in force since an earlier run" "$(told exim-second)"
    same "Exim, second run: nothing happened" "carol 16 of 17 1" \
        "$(locked) $(frozen) of $(waiting) $(($(mails) - mails_before))"

    run exim-undo exim case undo 1
    same "Exim, undo: status" "0 " "$status $(cat exim-undo.err)"
    same "Exim, undo: all of it" " 0 of 17 1" \
        "$(locked) $(frozen) of $(waiting) $(($(mails) - mails_before))"
    same "Exim, undo: the account" "$(cat shadow.before)" "$(cat root/etc/shadow)"
}

# --- webmail --------------------------------------------------------------------------

dns_answers() {
    perl -MIO::Socket::IP -e 'my $s = IO::Socket::IP->new(PeerHost => "127.0.0.1",
        PeerPort => $ARGV[0], Proto => "udp") or exit 1;
        $s->send("\0\1\1\0\0\1\0\0\0\0\0\0\1a\0\0\14\0\1"); alarm 1; $s->recv(my $in, 512);
        exit(length $in < 12)' "$1"
}

# 12 messages from 6 networks: of carol through Roundcube, of alice through IMP.
write_webmail_logs() {
    for network in 1 2 3 4 5 6; do
        for minute in 10 40; do
            echo "[21-Nov-2026 17:$minute:0$network +0000]: <abcd1234> User carol" \
                "[203.0.$network.7]; Message <$network.$minute@mail.example> for a@x.example;" \
                "250: 2.0.0 Ok: queued as 4F$minute$network" >>roundcube.log
            echo "2026-11-21T17:$minute:0$network+00:00 INFO: HORDE [imp] Message sent to" \
                "a@x.example from alice (203.0.$network.7)" \
                '[pid 9596 on line 970 of "/srv/imp/lib/Compose.php"]' >>horde.log
        done
    done
}

# Such logs have no names of clients: whoever is reported is asked for, and all have none here.
test_webmail() {
    port_dns=$(free_ports 1)
    start dns.out perl "$servers_dir/dns_stub.pl" "$port_dns"
    wait_for "the name server" dns_answers "$port_dns"
    write_webmail_logs
    config webmail local
    mails_before=$(mails)
    for webmail in "roundcube roundcube carol" "imp horde alice"; do
        # shellcheck disable=SC2086 # three words
        set -- $webmail
        run "$1" webmail "$1-spam-check" -l "$2.log" --trusted-logs "$2.log" \
            --resolvers "127.0.0.1:$port_dns" --now 2026-11-21T18:00:00Z
        same "$1: status" "0 " "$status $(cat "$1.err")"
        same "$1: told" "12 (6 nets/6 unknowns/6 IPs/0 webmail) [DISABLED]" \
            "$(sed -n 's/^\(12 .*) \)-- .* \(\[DISABLED\]\)$/\1\2/p' "$1.out")"
        same "$1: what" 1 "$(grep -c "done: lock the password of $3 " "$1.out")"
    done
    same "webmail: two locks, two mails" "alice carol 2" \
        "$(locked | paste -sd' ' -) $(($(mails) - mails_before))"
    run undo webmail case undo 1
    run undo webmail case undo 2
    same "webmail: undo" "$(cat shadow.before)" "$(cat root/etc/shadow)"
}

accounts
sink_start
test_postfix
test_exim
test_webmail
report
