#!/bin/sh
# watch_test.sh SPAMGEAR - stolen accounts stopped as lines arrive: a real Postfix, that refuses the
# account two seconds after the message that was too many; lines of Exim, Roundcube, Horde and PHP.
# shellcheck disable=SC2154,SC2317  # set, or called, by what is sourced
. "$(dirname "$0")/lib.sh"
. "$servers_dir/postfix_traffic.sh"

# --- the daemon -----------------------------------------------------------------------

# config LINE... : watch.conf, with more lines for [react]
config() {
    {
        printf '[react]\nstate = %s\nmethods = postfix-map\nmap-file = %s\nallow = boss\n' \
            "$work/state" "$work/maps/access.sqlite"
        printf '%s\n' "$@"
        cat <<END
[mail]
spool =
sendmail = /bin/true
[postlog]
logs = $work/postfix.log
state = $work/state
log = $work/daemon.log
socket =
[watch]
sources = postfix-spam-check exim-spam-check roundcube-spam-check imp-spam-check php-spam-check
again = 1sec
[postfix-spam-check]
logs = $work/postfix.log
trusted-logs = $work/postfix.log
limit = 10
disable-account = 5,5
[exim-spam-check]
logs = $work/exim.log
limit = 10
disable-account = 5,5
[roundcube-spam-check]
logs = $work/roundcube.log
trusted-logs = $work/roundcube.log
limit = 10
resolve-timeout = 0
[imp-spam-check]
logs = $work/horde.log
limit = 10
resolve-timeout = 0
[php-spam-check]
logs = $work/php.log
limit = 5
[full-scan]
signatures = $servers_dir/../../packaging/rules
quarantine = $work/quarantine
clamav = off
no-cache = yes
END
    } >watch.conf
}

daemon() {
    start daemon.out "$spamgear" postlog --config "$work/watch.conf"
    daemon=$started
    wait_for "the process that reacts" reactor
}

# The reactor of this test's daemon, by its name and its configuration.
reactor() {
    for process in /proc/[0-9]*; do
        [ "$(cat "$process/comm" 2>/dev/null)" = watch-reactor ] || continue
        tr '\0' ' ' <"$process/cmdline" | grep -q "$work/watch.conf" || continue
        echo "${process#/proc/}"
    done | grep .
}

# told TEXT : does the daemon's log hold it?
told() { grep -qF -- "$1" daemon.log; }

# --- Postfix --------------------------------------------------------------------------

start_postfix() {
    mkdir -p conf maps state bin
    chmod 755 maps
    echo 'sqlite postfix-sqlite.so dict_sqlite_open' >conf/dynamicmaps.cf
    cat >conf/sasl.cf <<END
dbpath = $work/maps/access.sqlite
query = SELECT action FROM access WHERE name = '%s'
END
    "$spamgear" account disable nobody --config watch.conf >/dev/null # smtpd wants its map to be there
    "$spamgear" case undo 1 --config watch.conf >/dev/null
    postfix_start "smtpd_sender_restrictions = check_sasl_access sqlite:$work/conf/sasl.cf"
}

# message USER NUMBER : from a network of its own, without a name
message() {
    smtp 127.0.0.1 "$port_submission" 127.0.0.1 <<END
hello
220 XCLIENT ADDR=198.51.$2.24 NAME=[UNAVAILABLE]
hello
235 auth $1 secret
250 MAIL FROM:<$1@example.net>
250 RCPT TO:<one@example.com>
250 message $2
END
}

messages() { # USER FROM TO
    number=$2
    while [ "$number" -le "$3" ]; do
        message "$1" "$number"
        number=$((number + 1))
    done
}

# accepts CODE USER : what Postfix says now when this user wants to send; a 250 is one more message
accepts() {
    perl "$servers_dir/smtp.pl" 127.0.0.1 "$port_submission" 127.0.0.1 <<END
hello
235 auth $2 secret
250 MAIL FROM:<$2@example.net>
$1 RCPT TO:<one@example.com>
250 RSET
END
}

now_ms() { perl -MTime::HiRes=time -e 'printf "%d\n", time * 1000'; }

test_postfix() {
    messages alice 1 9
    sleep 2
    same "nine are not too many" "" "$("$spamgear" case list --config watch.conf | grep alice)"
    begin=$(now_ms)
    message alice 10
    until accepts 554 alice >/dev/null 2>&1 || [ "$(now_ms)" -gt $((begin + 20000)) ]; do
        :
    done
    took=$(($(now_ms) - begin))
    echo "from the tenth message to the refusal: $took ms"
    same "refused within two seconds" yes "$([ $took -lt 2000 ] && echo yes || echo "$took ms")"
    wait_for "the daemon to tell" told 'alice: disabled, case 2: 1'
    same "the case" 1 "$("$spamgear" case list --config watch.conf | grep -c alice)"
}

# --- other logs -----------------------------------------------------------------------

# lines FILE COUNT FORMAT : each with the time now in place of the stamp's conversions, and its number
lines() {
    perl -MPOSIX -e '
        my ($count, $format) = @ARGV;
        for my $n (1 .. $count) {
            (my $line = strftime($format, localtime)) =~ s/\@N\@/$n/g;
            $line =~ s/\@NN\@/sprintf "%02d", $n/ge;
            print "$line\n";
        }' "$2" "$3" >>"$1"
}

# postfix_lines USER COUNT DIGITS : as smtpd writes them, with queue IDs that end in these hex digits
postfix_lines() {
    lines postfix.log "$2" "%b %e %H:%M:%S mx postfix/submission/smtpd[1]: @N@ABC$3: client=unknown[198.51.@N@.7], sasl_method=PLAIN, sasl_username=$1"
}

test_logs() {
    lines exim.log 10 '%Y-%m-%d %H:%M:%S 1wAB@NN@-000001-AB <= e@example.net H=(x) [198.51.@N@.7] P=esmtpa A=plain_server:eve S=500 id=@N@@x'
    lines roundcube.log 10 '[%d-%b-%Y %H:%M:%S %z]: <s> User webby [192.0.2.@N@]; Message <@N@@l> for a@b.example; 250: ok'
    lines horde.log 10 '%b %e %H:%M:%S mx HORDE: [imp] Message sent to a@b.example from hordy (192.0.2.@N@) [pid 4 on line 5 of "/x"]'
    wait_for "Exim's lines" told 'eve: would: 10 messages in 1 hour from 10 networks, 10 unknown'
    wait_for "Roundcube's" told 'webby: over the limit of 10: 10 messages'
    wait_for "Horde's" told 'hordy: over the limit of 10: 10 messages'
    same "plain lines disable nobody" "" "$("$spamgear" case list --config watch.conf | grep eve)"
}

test_scripts() {
    mkdir -p www
    # shellcheck disable=SC2016
    echo '<?php @eval(base64_decode($_POST["x"]));' >www/shell.php
    echo '<?php mail("a@b", "c", "d");' >www/form.php
    mkfifo www/fifo.php
    for script in "$work/www/shell.php" "$work/www/form.php" "$work/www/fifo.php" /dev/zero / ../x; do
        lines php.log 5 "[%d-%b-%Y %H:%M:%S %Z] mail() on [$script:8]: To: a@b.example -- Headers: X: y -- Subject: s"
    done
    wait_for "the shell" told "$work/www/shell.php: scanned: 1 files, 1 found"
    wait_for "the form" told "$work/www/form.php: scanned: 1 files, 0 found"
    wait_for "the FIFO" told "$work/www/fifo.php: scanned: 0 files"
    wait_for "a device" told '/dev/zero: scanned: 0 files'
    wait_for "a folder" told '/: scanned: 0 files'
    wait_for "no path" told '../x: over the limit of 5'
    same "what was found is away, what was not is there" "fifo.php form.php " \
        "$(find www -mindepth 1 -printf '%f\n' | sort | tr '\n' ' ')"
}

# --- who must not be touched, and the reactor's death ------------------------------------

test_allowed() {
    postfix_lines boss 10 A1
    wait_for "the boss" told 'boss: refused: 10 messages'
}

test_killed() {
    kill -STOP "$(reactor)"
    old=$(reactor)
    postfix_lines carol 10 A2 # its job waits
    sleep 1
    kill -KILL "$old"
    wait_for "carol" told 'carol: disabled, case 3: 10 messages'
    same "another process reacts" no "$([ "$(reactor)" = "$old" ] && echo yes || echo no)"
    postfix_lines carol 12 A3
    sleep 3
    same "two crossings are one case" 1 \
        "$("$spamgear" case list --all --config watch.conf | grep -c carol)"
}

# Of the six that follow three may be disabled: two were.
test_many() {
    for user in 1 2 3 4 5 6; do
        postfix_lines "u$user" 10 "B$user"
    done
    wait_for "all of them" sh -c '[ "$(grep -c "u[1-6]: " daemon.log)" -ge 6 ]'
    same "as many as max-actions-per-run allows" 3 "$(grep -c 'u[1-6]: disabled' daemon.log)"
    same "the rest is told" 3 "$(grep -c 'u[1-6]: would: .*LOOK AT THIS BY HAND' daemon.log)"
}

# Who went over the limit while nobody looked is found by the next start.
test_restart() {
    stop "$daemon"
    same "it ended in good order" "" "$(reactor)"
    postfix_lines dave 10 C1
    daemon
    wait_for "dave" told 'dave: disabled, case 7: 10 messages'
    kill -KILL "-$daemon"
    wait_for "the reactor to go with it" sh -c "! kill -0 $(reactor) 2>/dev/null"
    daemon
    sleep 2
    same "nobody is disabled twice" 1 "$(grep -c 'dave: disabled' daemon.log)"
}

touch exim.log roundcube.log horde.log php.log
config 'max-actions-per-run = 5'
start_postfix
daemon
test_postfix
test_logs
test_scripts
test_allowed
test_killed
test_many
test_restart
report
