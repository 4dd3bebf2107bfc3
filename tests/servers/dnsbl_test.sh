#!/bin/sh
# dnsbl_test.sh SPAMGEAR - check-dnsbl against a real rbldnsd: living, dead, wildcard, refusing and
# parked lists; in front of it a stub (dns_stub.pl) for what no good server does: silence, garbage,
# SERVFAIL, late and cut answers.
. "$(dirname "$0")/lib.sh"

set -- "$(free_ports 2)"
# shellcheck disable=SC2086  # two words
set -- $1
rbl_port=$1 stub_port=$2

# --- the lists ------------------------------------------------------------------------
list() { # NAME LINE...
    list_name=$1
    shift
    printf '%s\n' "$@" >"$work/$list_name"
}
good='127.0.0.2 :127.0.0.2:test point'
list one "$good" ':127.0.0.4:infected, see http://one.test/?$' 192.0.2.7 192.0.2.9
list two "$good" '192.0.2.7 :127.0.0.2:spam from $ | "quoted"' '192.0.2.8 :127.0.0.2:two only'
list part "$good" '192.0.2.7 :127.0.0.4:part of one' '192.0.2.9 :127.0.0.4:part of one'
list empty '198.51.100.1 :127.0.0.2:this list has lost its test point'
list wild '0.0.0.0/1 :127.0.0.2:everybody' '128.0.0.0/1 :127.0.0.2:everybody'
list refuse '0.0.0.0/1 :127.255.255.254:use your own resolver' '128.0.0.0/1 :127.255.255.254:use your own resolver'
list parked '0.0.0.0/1 :203.0.113.80:this domain is for sale' '128.0.0.0/1 :203.0.113.80:this domain is for sale'
list blocked '0.0.0.0/1 :127.0.0.1:this resolver is blocked' '128.0.0.0/1 :127.0.0.1:this resolver is blocked'
list policy "$good" '192.0.2.8 :127.0.0.10:only policy'
list late_refusal "$good" '192.0.2.8 :127.255.255.255:too often'
list six '::ffff:7f00:2 :127.0.0.2:test point' '2001:db8::66 :127.0.0.2:six'
list zen "$good" '192.0.2.20 :127.0.0.4:infected' '192.0.2.21 :127.255.255.254:public resolver'
list xbl "$good" '192.0.2.20 :127.0.0.4:infected'
printf '%s\n' 'test :127.0.0.2:test point' 'bad.example :127.0.0.6:bad domain' >"$work/names"

cat >"$work/zones" <<'END'
zone one.test ip4 group=all
code 127.0.0.4 XBL of our own
zone part.test ip4 group=all
zone two.test ip4
zone empty.test ip4
zone wild.test ip4
zone refuse.test ip4
zone parked.test ip4
zone blocked.test ip4
zone policy.test ip4
code 127.0.0.10 ignored policy
zone late_refusal.test ip4
zone six.test ip6
zone doubt.test ip4 doubtful
zone names.test domain
bit 2 seen
bit 4 watched
dead gone.test closed 2024-06-05
END
chmod 755 "$work"
chmod 644 "$work"/*
data=
for name in one two part empty wild refuse parked blocked policy late_refusal; do
    data="$data $name.test:ip4set:$name"
done
# shellcheck disable=SC2086  # a list of words
start rbldnsd.out "$cache/usr/sbin/rbldnsd" -n -u nobody -r "$work" -b "127.0.0.1/$rbl_port" $data \
    zen.spamhaus.org:ip4set:zen xbl.spamhaus.org:ip4set:xbl cbl.abuseat.org:ip4set:xbl \
    six.test:ip6trie:six names.test:dnset:names
start stub.out perl "$servers_dir/dns_stub.pl" "$stub_port" "$rbl_port"

# ask ARGUMENT... : prints the status and what came out, times left out
ask() {
    "$spamgear" check-dnsbl --resolvers "127.0.0.1:$stub_port" "$@" >"$work/answer" 2>"$work/complaint"
    echo "$?"
    sed 's/ time=[0-9.]*s/ time=Ts/; s/"milliseconds":[0-9]*/"milliseconds":N/' "$work/answer"
    cat "$work/complaint"
}
check_zones() { ask --zones "$work/zones" "$@"; }
only() { # ZONES ARGUMENT... : zones of the stub and of the file by name
    only_list=
    for zone in $1; do
        only_list="$only_list --zone $zone"
    done
    shift
    # shellcheck disable=SC2086  # a list of words
    check_zones $only_list "$@"
}
answers() { [ "$(only one.test 192.0.2.1 | head -n 1)" = 0 ]; }
wait_for "the name servers" answers

same "the whole file: four lists answer, six do not, a group counts once" \
    "2
CRITICAL - IP 192.0.2.7 in 2/5 blacklists. Reason: infected, see http://one.test/?192.0.2.7 (5 of 10 gave no answer)|listings=2;0;1;0 asked=10;;;0 unanswered=5;;;0;10 time=Ts;;;0;10
LISTED 192.0.2.7 in one.test: 127.0.0.4 (XBL of our own): infected, see http://one.test/?192.0.2.7
LISTED 192.0.2.7 in part.test: 127.0.0.4: part of one
LISTED 192.0.2.7 in two.test: 127.0.0.2: spam from 192.0.2.7 / \"quoted\"
NO ANSWER 192.0.2.7 in empty.test: does not list its own test point
NO ANSWER 192.0.2.7 in wild.test: lists everything, even 127.0.0.1 or INVALID
NO ANSWER 192.0.2.7 in refuse.test: refuses us: 127.255.255.254, asked through a public or open resolver
NO ANSWER 192.0.2.7 in parked.test: answers 203.0.113.80, which no list does
NO ANSWER 192.0.2.7 in blocked.test: refuses us: 127.0.0.1, an error code, no listing
NO ANSWER 192.0.2.7 in doubt.test: SERVFAIL, REFUSED or no server (not counted: whether it lives is not known)" \
    "$(check_zones 192.0.2.7)"

first() { head -n 2 | sed 's/|.*//'; }
same "an aggregate and its part are one listing" \
    "1
WARNING - IP 192.0.2.9 in 1/5 blacklists. Reason: infected, see http://one.test/?192.0.2.9 (5 of 10 gave no answer)" \
    "$(check_zones 192.0.2.9 | first)"
same "thresholds" \
    "0
OK - IP 192.0.2.9 in 1/2 blacklists. Reason: infected, see http://one.test/?192.0.2.9" \
    "$(only 'one.test part.test' -w 2 -c 3 192.0.2.9 | first)"
same "not listed" \
    "0
OK - IP 192.0.2.1 Not in any 5 blacklists (5 of 10 gave no answer)" \
    "$(check_zones 192.0.2.1 | first)"
same "too many unanswered, in percent" \
    "3
UNKNOWN - IP 192.0.2.1 Not in any 5 blacklists (5 of 10 gave no answer)" \
    "$(check_zones --max-unanswered 49% 192.0.2.1 | first)"
same "too many unanswered, as a number" 3 "$(check_zones --max-unanswered 4 192.0.2.1 | head -n 1)"
same "not too many" 0 "$(check_zones --max-unanswered 5 192.0.2.1 | head -n 1)"
same "a listing wins over unanswered ones" 2 \
    "$(check_zones --max-unanswered 0 192.0.2.7 | head -n 1)"
same "a policy code is no listing, a late refusal no answer" \
    "0
OK - IP 192.0.2.8 Not in any 1 blacklists (1 of 2 gave no answer)" \
    "$(only 'policy.test late_refusal.test' 192.0.2.8 | first)"
same "a doubtful list alone can tell nothing" \
    "3
UNKNOWN - IP 192.0.2.7 could not be told: no blacklist of its kind lives; no name server can be reached, or all refuse: Could not contact DNS servers" \
    "$(only doubt.test 192.0.2.7 | first)"
same "wildcard, parked and refusing lists alone can tell nothing" \
    "3
UNKNOWN - IP 192.0.2.7 could not be told: none of 3 blacklists gave an answer" \
    "$(only 'wild.test parked.test refuse.test' --max-unanswered 100% 192.0.2.7 | first)"
same "IPv6" \
    "1
WARNING - IP 2001:db8::66 in 1/1 blacklists. Reason: six" "$(check_zones 2001:db8::66 | first)"
same "IPv6, not listed" \
    "0
OK - IP 2001:db8::67 Not in any 1 blacklists" "$(check_zones 2001:db8::67 | first)"
same "a mapped address is the IPv4 address it means" \
    "1
WARNING - IP 192.0.2.8 in 1/1 blacklists. Reason: two only" \
    "$(only two.test ::ffff:192.0.2.8 | first)"
same "a domain, with the bits of its code" \
    "1
WARNING - Domain bad.example in 1/1 blacklists. Reason: bad domain|listings=1;0;1;0 asked=1;;;0 unanswered=0;;;0;1 time=Ts;;;0;10
LISTED bad.example in names.test: 127.0.0.6 (seen, watched): bad domain" \
    "$(check_zones --domain bad.example)"
same "several subjects: the worst first" \
    "2
CRITICAL - IP 192.0.2.7 in 2/3 blacklists. Reason: infected, see http://one.test/?192.0.2.7; IP 192.0.2.1 Not in any 3 blacklists" \
    "$(only 'one.test two.test policy.test' 192.0.2.1 192.0.2.7 | first)"
same "a host: its addresses and its name" \
    "1
WARNING - IP 2001:db8::66 in 1/1 blacklists. Reason: six; IP 192.0.2.66 Not in any 5 blacklists (5 of 10 gave no answer); Domain host.test Not in any 1 blacklists" \
    "$(check_zones host.test | first)"
same "a host that is not there" \
    "3
UNKNOWN - nothing.two.test has no address" "$(check_zones nothing.two.test | first)"
same "a host that cannot be resolved" \
    "3
UNKNOWN - servfail.test: its IPv4 addresses could not be told: no name server can be reached, or all refuse: Could not contact DNS servers; servfail.test: its IPv6 addresses could not be told: no name server can be reached, or all refuse: Could not contact DNS servers; Domain servfail.test Not in any 1 blacklists" \
    "$(check_zones servfail.test | first)"
same "a dead list that is asked for by name" \
    "3
UNKNOWN - gone.test is dead: closed 2024-06-05; IP 192.0.2.1 Not in any 1 blacklists" \
    "$(only 'gone.test two.test' 192.0.2.1 | first)"
same "what the stub says: nothing foreign ends the line, what is no answer is told" \
    "2
CRITICAL - IP 192.0.2.66 in 2/2 blacklists. Reason: a/b\\nc\\x1b[31m/d$(printf '%200s' '' | tr ' ' x) (6 of 8 gave no answer)|listings=2;0;1;0 asked=8;;;0 unanswered=6;;;0;8 time=Ts;;;0;2
LISTED 192.0.2.66 in lists.test: 127.0.0.2: a/b\\nc\\x1b[31m/d$(printf '%200s' '' | tr ' ' x)
LISTED 192.0.2.66 in late.test: 127.0.0.2: a/b\\nc\\x1b[31m/d$(printf '%200s' '' | tr ' ' x)
NO ANSWER 192.0.2.66 in silent.test: time-out
NO ANSWER 192.0.2.66 in garbage.test: time-out
NO ANSWER 192.0.2.66 in servfail.test: SERVFAIL, REFUSED or no server
NO ANSWER 192.0.2.66 in refused.test: SERVFAIL, REFUSED or no server
NO ANSWER 192.0.2.66 in cut.test: garbage instead of an answer
NO ANSWER 192.0.2.66 in loop.test: garbage instead of an answer" \
    "$(only 'lists.test late.test silent.test garbage.test servfail.test refused.test cut.test loop.test' -t 2 192.0.2.66)"
same "JSON" \
    '1
{"schema":1,"status":"WARNING","milliseconds":N,"subjects":[{"subject":"192.0.2.8","status":"WARNING","listings":1,"asked":2,"answered":1,"zones":[{"zone":"two.test","state":"listed","codes":"127.0.0.2","meaning":"","reason":"two only"},{"zone":"wild.test","state":"no answer","why":"lists everything, even 127.0.0.1 or INVALID","counted":true}]}],"problems":[]}' \
    "$(only 'two.test wild.test' --format json 192.0.2.8)"

# The shipped lists: what Spamhaus lists once is in its zones three times.
spamhaus() {
    ask --zones "$servers_dir/../../packaging/dnsbl/zones" --zone zen.spamhaus.org \
        --zone xbl.spamhaus.org --zone cbl.abuseat.org "$@"
}
same "as shipped: one listing in three zones of Spamhaus" "1
WARNING - IP 192.0.2.20 in 1/3 blacklists. Reason: infected" "$(spamhaus 192.0.2.20 | first)"
same "as shipped: a refusal is no listing" "0
OK - IP 192.0.2.21 Not in any 2 blacklists (1 of 3 gave no answer)" "$(spamhaus 192.0.2.21 | first)"
"$spamgear" check-dnsbl --resolvers "127.0.0.1:$stub_port" --zones "$work/zones" --zone two.test \
    192.0.2.1 >/dev/full 2>"$work/complaint"
same "an OK that nobody could read is none" 3 $?

# 130 silent lists and the good ones behind them: the window is not theirs for ever, and the
# deadline holds.
for i in $(seq 130); do
    echo "zone silent$i.test ip4"
done >"$work/silence"
cat "$work/zones" >>"$work/silence"
before=$(date +%s%N)
same "130 silent lists do not keep a listing from being seen" 2 \
    "$(ask --zones "$work/silence" -t 3 192.0.2.7 | head -n 1)"
took=$((($(date +%s%N) - before) / 1000000))
# Tries without the deadline would take three times as long; tests/bench/dnsbl.sh measures it.
same "at the deadline it ends ($took ms of 3000)" yes "$([ $took -le 6000 ] && echo yes)"
same "no name server at all is UNKNOWN, not OK" \
    "3
UNKNOWN - IP 192.0.2.1 could not be told: none of 1 blacklists gave an answer; no name server can be reached, or all refuse: Could not contact DNS servers" \
    "$("$spamgear" check-dnsbl --resolvers 127.0.0.1:1 --zones "$work/zones" --zone two.test 192.0.2.1 >"$work/answer"
    echo $?
    head -n 1 "$work/answer" | sed 's/|.*//')"
report
