#!/bin/sh
# policy_test.sh SPAMGEAR - the policy service, asked by a real Postfix and a real Exim: who is over is
# deferred, held or rejected, and when nobody answers mail goes on.
# shellcheck disable=SC2154,SC2317  # set, or called, by what is sourced
. "$(dirname "$0")/lib.sh"
. "$servers_dir/postfix_traffic.sh"
. "$servers_dir/exim.sh"
programs=$(dirname "$spamgear")
place=$work/policy/socket
mkdir -m 755 policy
server=

# serve MESSAGES RECIPIENTS ACTION : (re)starts the service
serve() {
    [ -z "$server" ] || stop "$server"
    start policy.out "$programs/policy_server" "unix:$place" "" "$1" "$2" "$3" ""
    server=$started
    wait_for "the policy service" test -S "$place"
}

# sends USER CODE... : one message with a recipient for each code, which is what is answered to it
sends() {
    user=$1
    shift
    {
        printf 'hello\n235 auth %s secret\n250 MAIL FROM:<x@example.net>\n' "$user"
        number=0
        for code; do
            number=$((number + 1))
            echo "$code RCPT TO:<r$number@example.com>"
        done
        case $code in
        250) echo "250 message from $user" ;;
        esac
    } >script
    smtp 127.0.0.1 "$port" 127.0.0.2 <script
    passed=$((passed + 1)) # else smtp would have given up
}

logged() { grep -c "$1" postfix.log; }
held() { find spool/hold -type f | wc -l; }

# --- Postfix --------------------------------------------------------------------------

postfix_run() {
    policy="check_policy_service { unix:$place, timeout=5s, default_action=DUNNO }"
    postfix_start "smtpd_recipient_restrictions = $policy, permit_sasl_authenticated, reject" \
        "smtpd_data_restrictions = $policy"
    port=$port_submission
}

test_defer() {
    serve 0 3 "DEFER_IF_PERMIT 4.7.1 Too many recipients from you"
    sends alice 250 250
    sends alice 250
    sends bob@example.net 250
    sends alice 450
    sends alice 450 450
    sends bob@example.net 250 250
    same "what the client is told" 3 \
        "$(logged '450 4.7.1 .*Recipient address rejected: Too many recipients from you')"
}

test_hold() {
    serve 2 0 "HOLD too many messages"
    sends alice 250
    sends alice 250 250 250
    same "none is held" 0 "$(held)"
    sends alice 250
    same "the third one is" 1 "$(held)"
    sends carol 250
    same "that of others is not" 1 "$(held)"
}

test_reject() {
    serve 1 0 "REJECT 5.7.1 You are sending too much"
    sends alice 250
    sends alice 554
    same "what the client is told" 1 "$(logged '554 5.7.1 .*rejected: You are sending too much')"
}

# The service dies, is away, and comes back.
test_restart() {
    serve 0 2 "DEFER_IF_PERMIT 4.7.1 Too many"
    sends alice 250 250
    sends alice 450
    kill -KILL "-$server"
    server=
    sends alice 250
    same "Postfix tells it" yes \
        "$([ "$(logged "problem talking to server $place")" -gt 0 ] && echo yes)"
    same "the dead socket is there" yes "$([ -S "$place" ] && echo yes)"
    serve 0 2 "DEFER_IF_PERMIT 4.7.1 Too many"
    wait_for "the new service" listens_at "$place"
    sends alice 250 250
    sends alice 450
}

# Somebody who may connect holds 1000 connections, half of them with half a request.
test_hog() {
    serve 0 2 "DEFER_IF_PERMIT 4.7.1 Too many"
    # shellcheck disable=SC2016  # Perl's variables
    start hog.out perl -MIO::Socket::UNIX -e 'my @all;
        for my $i (1 .. 1000) {
            my $s = IO::Socket::UNIX->new($ARGV[0]) or last;
            syswrite $s, "request=smtpd_acc" if $i % 2;
            push @all, $s;
        }
        syswrite STDOUT, @all . " held\n";
        sleep 60' "$place"
    wait_for "the connections" grep -q '^1000 held' hog.out
    sends alice 250 250
    sends alice 450
    stop "$started"
}

# soon_is CODE USER : the answer to a recipient, within some seconds
soon_is() {
    printf 'hello\n235 auth %s secret\n250 MAIL FROM:<x@example.net>\n%s RCPT TO:<r@example.com>\n' \
        "$2" "$1" >script
    # shellcheck disable=SC2016  # of the inner shell
    wait_for "answer $1 to $2" sh -c 'perl "$0" 127.0.0.1 "$1" 127.0.0.2 <script' \
        "$servers_dir/smtp.pl" "$port"
    passed=$((passed + 1))
}
listens_at() { perl -MIO::Socket::UNIX -e 'exit !IO::Socket::UNIX->new($ARGV[0])' "$1"; }

# Postfix, which asks once more a second later, always gets an answer.
test_reload() {
    unanswered=$(logged "problem talking to server $place")
    for number in 1 2 3 4 5 6 7 8 9 10; do
        [ $((number % 4)) != 2 ] || kill -HUP "-$daemon"
        printf 'hello\n235 auth alice secret\n250 MAIL FROM:<x@example.net>\n250 RCPT TO:<r@example.com>\n' |
            smtp 127.0.0.1 "$port" 127.0.0.2 >reload.out 2>&1
        sleep 0.3
    done
    same "reloads" 3 "$(grep -c reloading daemon.out)"
    same "no question was without an answer" "$unanswered" \
        "$(logged "problem talking to server $place")"
}

# The whole daemon: limits of the log that it follows, and cases.
test_daemon() {
    stop "$server"
    server=
    install -m 600 /dev/null disabled
    cat >daemon.conf <<END
[react]
state = $work/state
methods = exim-list
exim-list = $work/disabled
[mail]
spool =
sendmail = /nonexistent/sendmail
[store]
state = $work/state
[postlog]
logs = $work/postfix.log
socket = $work/status
[watch]
sources = postfix-spam-check
[postfix-spam-check]
log = $work/postfix.log
limit = 4
[policy]
listen = unix:$place
mode = 0666
case-action = REJECT 5.7.1 This account is disabled
END
    start daemon.out "$spamgear" postlog --config daemon.conf
    daemon=$started
    wait_for "the daemon" listens_at "$place"
    for _ in 1 2 3; do
        sends user=eq@example.net 250
    done
    # Its line is logged at the first recipient: at DATA it may count already.
    printf 'hello\n235 auth %s secret\n250 MAIL FROM:<x@example.net>\n250 RCPT TO:<r@example.com>\n' \
        user=eq@example.net >script
    smtp 127.0.0.1 "$port" 127.0.0.2 <script
    soon_is 450 user=eq@example.net
    same "the client is told" yes \
        "$([ "$(logged '450 4.7.1 .*Too many messages, try again later')" -gt 0 ] && echo yes)"
    for how in disable enable; do # let go, it may send at once
        "$spamgear" account $how user=eq@example.net --config daemon.conf >account.out 2>&1
    done
    sleep 4 # cases are looked at every 3 seconds; each question would be a message in the log
    sends user=eq@example.net 250
    "$spamgear" account disable carol --config daemon.conf >account.out 2>&1
    sleep 4
    sends carol 554
    "$spamgear" account enable carol --config daemon.conf >>account.out 2>&1
    sleep 4
    sends carol 250
    test_reload
    stop "$daemon"
    same "the socket is gone" no "$([ -S "$place" ] && echo yes || echo no)"
}

postfix_run
test_defer
test_hold
test_reject
test_restart
test_hog
test_daemon

# --- Exim -----------------------------------------------------------------------------

exim_run() {
    sed "s|/run/spamgear/exim-policy|$place|" \
        "$servers_dir/../../packaging/exim/spamgear-policy.acl" >spamgear-policy.acl
    chmod 644 spamgear-policy.acl
    exim_configure 'acl_smtp_rcpt = acl_check_rcpt
acl_smtp_predata = acl_check_predata' <<END
begin acl
.include $work/spamgear-policy.acl
acl_check_rcpt:
  require acl = spamgear_policy RCPT
  accept authenticated = *
  deny
acl_check_predata:
  require acl = spamgear_policy DATA
  accept
begin routers
END
    port=$(free_ports 1)
    exim_start "$port"
}

frozen() { grep -l -- '^-frozen' exim/spool/input/*-H 2>/dev/null | wc -l; }
exim_logged() { grep -c "$1" exim/log/mainlog; }

test_exim() {
    serve 0 3 "DEFER_IF_PERMIT 4.7.1 Too many recipients from you"
    sends alice 250 250
    sends alice 250
    sends alice 451
    sends bob 250 250 250
    sends bob 451
    same "what the client is told" 2 "$(exim_logged '4.7.1 Too many recipients from you')"
    serve 1 0 "REJECT 5.7.1 You are sending too much"
    sends alice 250 250 250 250
    sends alice 550
    same "what the client is told" 1 "$(exim_logged '5.7.1 You are sending too much')"
    serve 1 0 "HOLD too much"
    sends alice 250
    sends alice 250
    same "one is frozen" 1 "$(frozen)"
    stop "$server"
    server=
    sends alice 250
}

exim_run
test_exim
report
