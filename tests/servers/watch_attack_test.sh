#!/bin/sh
# watch_attack_test.sh SPAMGEAR - who tries to keep [watch] from stopping an account: floods of made-up
# senders, names that harm, a folder that takes long to scan, a method that hangs; and a journal.
# shellcheck disable=SC2154,SC2317  # set, or called, by what is sourced
. "$(dirname "$0")/lib.sh"

mkdir j maps state www
touch plain.log true.log php.log
cat >watch.conf <<END
[react]
state = $work/state
methods = command
command-disable = $work/method disable {name}
command-enable = $work/method enable {name}
command-status = $work/method status {name}
[mail]
spool =
sendmail = /bin/true
[postlog]
logs = $work/none.log
state = $work/state
log = $work/daemon.log
socket = $work/socket
[watch]
sources = postfix-spam-check exim-spam-check php-spam-check
timeout = 5sec
[postfix-spam-check]
logs = $work/plain.log $work/true.log
trusted-logs = $work/true.log
limit = 10
disable-account = 5,5
[exim-spam-check]
logs = $work/none-either.log
limit = 10
[php-spam-check]
logs = $work/php.log
limit = 5
[full-scan]
signatures = $servers_dir/../../packaging/rules
clamav = off
no-cache = yes
END
cat >method <<END
#!/bin/sh
[ "\$2" = hang ] && [ "\$1" = disable ] && exec sleep 60
case \$1 in
disable) touch "$work/maps/\$2" ;;
enable) rm "$work/maps/\$2" ;;
status) [ -e "$work/maps/\$2" ] ;;
esac
END
chmod 755 method

# lines FIRST LAST NAME : ten messages, each from a network of its own, of each NAME with its number
lines() {
    perl -MPOSIX -e '
        my ($first, $last, $name) = @ARGV;
        my $stamp = strftime("%b %e %H:%M:%S", localtime);
        $name =~ s/\\x(..)/chr hex $1/ge;
        for my $user ($first .. $last) {
            for my $n (1 .. 10) {
                (my $own = $name) =~ s/@/$user/;
                printf "%s mx postfix/smtpd[1]: %X%02X: client=unknown[198.51.%d.7], " .
                    "sasl_method=PLAIN, sasl_username=%s\n", $stamp, 0xA0000 + $user, $n, $n, $own;
            }
        }' "$@"
}
told() { grep -aqF -- "$1" daemon.log; }
now_ms() { perl -MTime::HiRes=time -e 'printf "%d\n", time * 1000'; }

# stopped NAME NUMBER : it turns now, and is stopped in time
stopped() {
    begin=$(now_ms)
    lines "$2" "$2" "$1" >>true.log
    wait_for "$1" told "$1: disabled, case"
    took=$(($(now_ms) - begin))
    echo "$1: $took ms"
    same "$1 is stopped in time" yes "$([ $took -lt 4000 ] && echo yes || echo "$took ms")"
}

test_flood() {
    lines 10 2009 'made@up' >>plain.log
    wait_for "the flood" told 'made'
    stopped alice 5000
}

test_names() {
    {
        lines 6000 6000 '\x1b[31mred'
        lines 6001 6001 '-rf'
        lines 6002 6002 '!bang'
        lines 6003 6003 '../../etc/passwd'
        lines 6004 6004 'm\xc3\xbcller'
        lines 6005 6005 '\xff\xfe'
        lines 6006 6006 '{name}'
        lines 6007 6007 "$(printf '%070000d' 1)"
        lines 6008 6008 "$(printf '%09000d' 1)"
    } >>true.log
    for name in '-rf' '!bang' '../../etc/passwd' '{name}'; do
        wait_for "$name" told "$name: refused: 10 messages"
    done
    stopped bob 5001
    same "no byte of a terminal in the log" 0 "$(grep -ac "$(printf '\033')" daemon.log)"
    same "nobody else is disabled" "alice bob" "$(find maps -type f -printf "%f\n" | sort | xargs)"
}

test_scans() {
    perl -e 'for my $n (1 .. 12000) { open my $f, ">", "www/$n.php"; print $f "<?php " . "echo 1;" x 3000 }'
    for folder in www/ www/. www/1.php; do
        perl -MPOSIX -e '
            print strftime("[%d-%b-%Y %H:%M:%S UTC] ", gmtime),
                "mail() on [$ARGV[0]:8]: To: a\@b.example -- Headers: X: y -- Subject: s\n" for 1 .. 5' \
            "$work/$folder" >>php.log
    done
    sleep 1
    same "the scan takes long" "" "$(grep "$work/www/: " daemon.log)"
    stopped carol 5002
}

# More senders than are remembered: made-up ones go, and that is told.
test_many() {
    perl -MPOSIX -e '
        my $stamp = strftime("%b %e %H:%M:%S", localtime);
        printf "%s mx postfix/smtpd[1]: %X: client=unknown[198.51.1.7], sasl_method=PLAIN, " .
            "sasl_username=many%d\n", $stamp, 0xC00000 + $_, $_ for 1 .. 101000' >>plain.log
    wait_for "that some are forgotten" told 'too many senders to remember'
    same "how many, too" yes "$("$spamgear" postlog status --config watch.conf --format json |
        grep -q '"senders_forgotten":[1-9]' && echo yes)"
    stopped fay 5006
}

test_hang() {
    lines 5003 5003 hang >>true.log
    wait_for "the deadline" told 'hang: the check took too long'
    stopped dave 5004
}

entries=0
# journal FILE UID EXE UNIT : lines on standard input become entries
journal() {
    entries=$((entries + 100000)) # of one machine, which was not started anew between them
    perl "$servers_dir/export.pl" "$2" "$3" "$4" |
        perl -pe 's/^(__MONOTONIC_TIMESTAMP=)(\d+)/$1 . ($2 + '$entries')/e' >export.txt
    timeout 30 "$cache/lib/systemd/systemd-journal-remote" -o "$work/j/$1.journal" export.txt \
        >journal.out 2>&1 || give_up "systemd-journal-remote"
}

# A user who writes lines under Postfix' name can delay and stop nobody.
test_journal() {
    sed -e "s,/daemon.log,/journal.log," -e "s,^state = .*,state = $work/state2," \
        -e "s,^sources = .*,sources = postfix-spam-check," -e '/^trusted-logs/d' \
        -e "s,^logs = $work/plain.*,journal-dir = $work/j," watch.conf >journal.conf
    mkdir state2
    lines 7000 7000 before | sed 5q >entries
    journal old 0 /usr/lib/postfix/sbin/ postfix@-.service <entries
    start journal.out "$spamgear" postlog --config "$work/journal.conf"
    wait_for "the daemon" grep -q started journal.log
    lines 7001 7100 'forged@' >entries
    journal forged 1000 /usr/bin/logger session-1.scope <entries
    lines 7200 7200 erin >entries
    journal new 0 /usr/lib/postfix/sbin/ postfix@-.service <entries
    wait_for "erin" grep -q 'erin: disabled, case' journal.log
    same "nobody else is told of" "" "$(grep -E 'forged|before' journal.log)"
}

start daemon.out "$spamgear" postlog --config "$work/watch.conf"
wait_for "the daemon" grep -q started daemon.out
test_flood
test_names
test_scans
test_many
test_hang
test_journal
report
