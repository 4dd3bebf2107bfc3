#!/bin/sh
# watch_fleet_test.sh SPAMGEAR - two machines that share counts by a real MariaDB and PostgreSQL: a limit
# holds for the sum, one of them reacts, one that is cut off keeps its own limits, and an account
# that was let go can be stopped again.
# shellcheck disable=SC2154,SC2317,SC2034  # set, called or used by what is sourced
. "$(dirname "$0")/lib.sh"
. "$servers_dir/databases.sh"

# proxy PORT : the database as node two sees it; stopped, it is a cable that was cut
proxy() {
    read -r port_proxy <<END
$(free_ports 1)
END
    start proxy.out perl -MIO::Socket::INET -MIO::Select -e '
        my $in = IO::Socket::INET->new(LocalAddr => "127.0.0.1:$ARGV[0]", Listen => 9, ReuseAddr => 1);
        $SIG{CHLD} = "IGNORE";
        while (1) {
            my $a = $in->accept or next;
            next if fork;
            my $b = IO::Socket::INET->new("127.0.0.1:$ARGV[1]") or exit;
            my ($s, $data) = (IO::Select->new($a, $b));
            while (1) {
                for my $from ($s->can_read) {
                    sysread($from, $data, 65536) or exit;
                    syswrite($from == $a ? $b : $a, $data);
                }
            }
        }' "$port_proxy" "$1"
    proxy=$started
}

# node NAME URL [LINE] : its folder, configuration, with a line for [react], and daemon
node() {
    mkdir -p "$1/maps" "$1/state"
    touch "$1/mail.log" "$1/plain.log"
    cat >"$1.conf" <<END
[react]
state = $work/$1/state
methods = postfix-map
map-file = $work/$1/maps/access.sqlite
${3:-}
[mail]
spool =
sendmail = /bin/true
[postlog]
logs = $work/$1/mail.log
state = $work/$1/state
log = $work/$1/daemon.log
socket =
[store]
url = $2
timeout = 2sec
[fleet]
share = yes
node = $1
staleness = 1sec
[watch]
sources = postfix-spam-check
again = 1sec
[postfix-spam-check]
logs = $work/$1/mail.log $work/$1/plain.log
trusted-logs = $work/$1/mail.log
limit = 20
disable-account = 12,12
END
    start "$1.out" "$spamgear" postlog --config "$work/$1.conf"
    wait_for "node $1" grep -q started "$1.out"
}

# lines NODE USER COUNT DIGITS NETWORK [LOG] : messages, each from an address without a name
lines() {
    perl -MPOSIX -e '
        my ($user, $count, $digits, $network) = @ARGV;
        for my $n (1 .. $count) {
            print strftime("%b %e %H:%M:%S", localtime), " mx postfix/submission/smtpd[1]: ",
                sprintf("%s%05X", $digits, $n), ": client=unknown[$network.$n.7], ",
                "sasl_method=PLAIN, sasl_username=$user\n";
        }' "$2" "$3" "$4" "$5" >>"$1/${6:-mail.log}"
}

told() { cat one/daemon.log two/daemon.log | grep -qF -- "$1"; }
disabled() { cat one/daemon.log two/daemon.log | grep -c "$1: disabled"; }

now_ms() { perl -MTime::HiRes=time -e 'printf "%d\n", time * 1000'; }

test_sum() {
    lines one bob 10 AA 198.51
    lines two bob 9 AB 203.0
    sleep 2
    same "$kind: nineteen are not too many" 0 "$(disabled bob)"
    begin=$(now_ms)
    lines two bob 1 AC 192.0
    wait_for "the sum to be too many" told "bob: disabled, case 1: 20 messages in 1 hour from 20 networks, 20 unknown, 10 of them on 1 other machine"
    took=$(($(now_ms) - begin))
    echo "$kind: from the line on one machine to the reaction: $took ms"
    same "$kind: within seconds" yes "$([ $took -lt 5000 ] && echo yes || echo "$took ms")"
    lines one bob 2 AD 198.52
    lines two bob 2 AE 203.1
}

# Who may not touch an account leaves it to the other one.
test_refused() {
    lines two pat 20 CA 203.3
    wait_for "a refusal" told 'pat: refused: 20 messages'
    lines one pat 2 CB 198.54
    wait_for "the other one" told 'pat: disabled, case'
    same "$kind: one machine reacts, once" 1 "$(disabled bob)"
}

# Who can write lines into a log of one machine stops nobody on another, and protects nobody.
test_plain() {
    lines one kim 6 EA 198.57
    lines two kim 15 EB 203.4 plain.log
    wait_for "that it is told" told 'kim: would: 21 messages'
    lines two lee 5 EC 203.5 plain.log
    sleep 1.5
    lines one lee 20 ED 198.58
    wait_for "lee" told 'lee: disabled, case'
    lines one kim 1 EE 198.59
    sleep 2
    same "$kind: made-up lines stop nobody" 0 "$(disabled kim)"
    same "$kind: nor do they protect" 1 "$(disabled lee)"
}

test_undo() {
    one=$(grep -l 'bob: disabled' one/daemon.log two/daemon.log)
    one=${one%/*}
    "$spamgear" case undo "$("$spamgear" case list --config "$one.conf" | awk '/bob/ { print $1 }')" \
        --config "$one.conf" >/dev/null 2>&1
    sleep 1.1
    lines "$one" bob 19 DA 198.55
    sleep 2
    same "$kind: what was before counts no more" 1 "$(disabled bob)"
    lines "$one" bob 1 DB 198.56
    wait_for "bob again" sh -c '[ "$(grep -h "bob: disabled" */daemon.log | wc -l)" = 2 ]'
}

test_cut_off() {
    kill -STOP "-$proxy"
    lines one eve 10 BA 198.51
    lines two eve 10 BB 203.0
    lines two ann 20 BC 203.2
    wait_for "its own limit" told "ann: disabled, case"
    wait_for "that it is told" told "ann: the fleet could not be asked"
    same "$kind: who is below it everywhere is let be" 0 "$(disabled eve)"
    kill -CONT "-$proxy"
    begin=$(now_ms)
    lines one eve 1 BD 198.53
    wait_for "the sum again" told "eve: disabled, case"
    echo "$kind: from the cable's return to the reaction: $(($(now_ms) - begin)) ms"
    same "$kind: by one" 1 "$(disabled eve)"
}

databases_start
for kind in ${KINDS:-mysql pgsql}; do
    eval "url=\$url_$kind"
    mkdir -p state
    chmod 700 state
    config "$url"
    "$spamgear" store --config store.conf init >/dev/null 2>&1 || give_up "init"
    port=${url##*:}
    proxy "${port%/*}"
    node one "$url"
    node_one=$started
    node two "${url%:*}:$port_proxy/${url##*/}" 'allow = pat'
    node_two=$started
    test_sum
    test_refused
    test_plain
    test_undo
    test_cut_off
    stop "$node_one"
    stop "$node_two"
    stop "$proxy"
    rm -rf one two
done
report
