#!/bin/sh
# watch_fleet_test.sh SPAMGEAR - two machines that share counts: a limit holds for the sum, one of them
# reacts, and one that is cut off keeps its own limits.
# shellcheck disable=SC2154,SC2317  # set, or called, by what is sourced
. "$(dirname "$0")/lib.sh"

# node NAME : its folder, configuration and daemon
node() {
    mkdir -p "$1/maps" "$1/state"
    touch "$1/mail.log"
    cat >"$1.conf" <<END
[react]
state = $work/$1/state
methods = postfix-map
map-file = $work/$1/maps/access.sqlite
[mail]
spool =
sendmail = /bin/true
[postlog]
logs = $work/$1/mail.log
state = $work/$1/state
log = $work/$1/daemon.log
socket =
[store]
url = sqlite:$work/shared.db
timeout = 2sec
[fleet]
share = yes
node = $1
staleness = 1sec
[watch]
sources = postfix-spam-check
again = 1sec
[postfix-spam-check]
logs = $work/$1/mail.log
trusted-logs = $work/$1/mail.log
limit = 20
disable-account = 12,12
END
    start "$1.out" "$spamgear" postlog --config "$work/$1.conf"
    wait_for "node $1" grep -q started "$1.out"
}

# lines NODE USER COUNT DIGITS NETWORK : messages, each from an address without a name
lines() {
    perl -MPOSIX -e '
        my ($user, $count, $digits, $network) = @ARGV;
        for my $n (1 .. $count) {
            print strftime("%b %e %H:%M:%S", localtime), " mx postfix/submission/smtpd[1]: ",
                sprintf("%s%05X", $digits, $n), ": client=unknown[$network.$n.7], ",
                "sasl_method=PLAIN, sasl_username=$user\n";
        }' "$2" "$3" "$4" "$5" >>"$1/mail.log"
}

told() { cat one/daemon.log two/daemon.log | grep -qF -- "$1"; }
disabled() { cat one/daemon.log two/daemon.log | grep -c "$1: disabled"; }

: >shared.db
printf "[store]\nurl = sqlite:%s/shared.db\n" "$work" >store.conf
"$spamgear" store init --config store.conf >store.out 2>&1 || give_up "no tables"
node one
node two

# Neither is over its limit or bounds by itself.
lines one bob 10 AA 198.51
lines two bob 9 AB 203.0
sleep 4
same "nineteen are not too many" 0 "$(disabled bob)"
lines two bob 1 AC 192.0
wait_for "the sum to be too many" told "bob: disabled, case 1: 20 messages in 1 hour from 20 networks, 20 unknown, 10 of them on other machines"
lines one bob 2 AD 198.52
lines two bob 2 AE 203.1
sleep 4
same "one machine reacts, once" 1 "$(disabled bob)"

# The database is gone: each keeps its own limits.
mv shared.db gone.db
lines one eve 10 BA 198.51
lines two eve 10 BB 203.0
lines two ann 20 BC 203.2
wait_for "its own limit" told "ann: disabled, case"
wait_for "that it is told" told "ann: the fleet could not be asked"
sleep 2
same "who is below it everywhere is let be" 0 "$(disabled eve)"

# And back: what was counted meanwhile is shared.
mv gone.db shared.db
sleep 4
lines one eve 1 BD 198.53
wait_for "the sum again" told "eve: disabled, case"
same "by one" 1 "$(disabled eve)"
report
