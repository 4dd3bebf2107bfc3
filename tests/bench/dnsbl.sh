#!/bin/sh
# dnsbl.sh - how long check-dnsbl takes for 80 lists of which 10 are silent, against the serial loop
# of the script it replaces.
#
#   sh tests/bench/dnsbl.sh SPAMGEAR
#
# SPAMGEAR is the binary as it is shipped. The lists are served by a real rbldnsd (see
# tests/servers/fetch.sh), the silent ones by a stub before it; nothing leaves this machine.
#   TIMEOUT=5    of check-dnsbl, in seconds      RUNS=3   runs of check-dnsbl
#   DIG_WAIT=5 DIG_TRIES=3   of the loop: what dig does when nothing is said, as in the original
#
# The loop asks as the original does: A of each list in turn, TXT of those that list. With dig on
# this machine it is that, word for word. Without it a stand-in asks the same questions in the same
# order with dig's time-outs, in one process; that is faster than the original, which starts three
# programs a question. Which of the two ran is told. Nothing passes or fails here.
# shellcheck disable=SC2154 # set by lib.sh
servers_dir=$(dirname "$(readlink -f "$0")")/../servers
# shellcheck source=../servers/lib.sh
. "$servers_dir/lib.sh"

timeout=${TIMEOUT:-5} runs=${RUNS:-3} dig_wait=${DIG_WAIT:-5} dig_tries=${DIG_TRIES:-3}
set -- "$(free_ports 2)"
# shellcheck disable=SC2086  # two words
set -- $1
rbl_port=$1 stub_port=$2
address=192.0.2.7

printf '%s\n' '127.0.0.2 :127.0.0.2:test point' >"$work/clear"
printf '%s\n' '127.0.0.2 :127.0.0.2:test point' '192.0.2.7 :127.0.0.2:spam from $' >"$work/lists"
data=
for i in $(seq 80); do
    case $i in
    *8) name=silent$i.test ;; # 8 of them
    5 | 45) name=silent$i.test ;;
    *1) name=list$i.test file=lists ;;
    *) name=list$i.test file=clear ;;
    esac
    echo "$name"
    case $name in list*) data="$data $name:ip4set:$file" ;; esac
    echo "zone $name ip4" >>"$work/zones"
done >"$work/names"
chmod 755 "$work"
chmod 644 "$work"/*
# shellcheck disable=SC2086  # a list of words
start rbldnsd.out "$cache/usr/sbin/rbldnsd" -n -u nobody -r "$work" -b "127.0.0.1/$rbl_port" $data
start stub.out perl "$servers_dir/dns_stub.pl" "$stub_port" "$rbl_port"

check_dnsbl() {
    "$spamgear" check-dnsbl --resolvers "127.0.0.1:$stub_port" --timeout "$timeout" "$@"
}
ready() { [ "$(check_dnsbl --zones "$work/zones" --zone list1.test 192.0.2.1 | head -c 2)" = OK ]; }
wait_for "the name servers" ready

now_ms() { echo $(($(date +%s%N) / 1000000)); }

# --- ours -----------------------------------------------------------------------------
: >"$work/times"
for _ in $(seq "$runs"); do
    before=$(now_ms)
    check_dnsbl --zones "$work/zones" "$address" >"$work/ours"
    echo $(($(now_ms) - before)) >>"$work/times"
done
ours=$(sort -n "$work/times" | awk '{ t[NR] = $1 } END { print t[int((NR + 1) / 2)] }')
before=$(now_ms)
grep -v silent "$work/zones" >"$work/living"
check_dnsbl --zones "$work/living" "$address" >/dev/null
living=$(($(now_ms) - before))

# --- the loop -------------------------------------------------------------------------
reversed=$(echo "$address" | awk -F. '{ print $4 "." $3 "." $2 "." $1 }')
loop_dig() {
    while read -r name; do
        if dig "@127.0.0.1" -p "$stub_port" "+time=$dig_wait" "+tries=$dig_tries" "$reversed.$name" |
            grep -q ';; ANSWER SECTION'; then
            dig "@127.0.0.1" -p "$stub_port" "$reversed.$name" TXT | grep -A2 ';; ANSWER SECTION:' >/dev/null
            echo "$name"
        fi
    done
}
loop_stand_in() {
    perl -MIO::Socket::IP -MIO::Select -e '
        my ($port, $wait, $tries, $reversed) = @ARGV;
        sub ask {
            my ($name, $type) = @_;
            for (1 .. $tries) {
                my $s = IO::Socket::IP->new(PeerHost => "127.0.0.1", PeerPort => $port, Proto => "udp");
                $s->send(pack("n6", $$ & 0xffff, 0x100, 1, 0, 0, 0)
                    . join("", map { pack "C/a*", $_ } split /\./, $name) . pack "x n2", $type, 1);
                next unless IO::Select->new($s)->can_read($wait);
                $s->recv(my $packet, 4096);
                return unpack "x6 n", $packet;
            }
            return 0;
        }
        for my $name (map { chomp; $_ } <STDIN>) {
            ask("$reversed.$name", 1) or next;
            ask("$reversed.$name", 16);
            print "$name\n";
        }' "$stub_port" "$dig_wait" "$dig_tries" "$reversed"
}
if command -v dig >/dev/null; then
    loop=loop_dig what="dig in a loop"
else
    loop=loop_stand_in what="a stand-in for the loop (no dig here)"
fi
before=$(now_ms)
$loop <"$work/names" >"$work/theirs"
theirs=$(($(now_ms) - before))

# --- the answers must agree ----------------------------------------------------------
sed -n 's/^LISTED .* in \([^:]*\):.*/\1/p' "$work/ours" | sort >"$work/ours.sorted"
sort "$work/theirs" | cmp -s - "$work/ours.sorted" || echo "THE ANSWERS DIFFER"

echo "80 lists, 10 of them silent; $(wc -l <"$work/ours.sorted") list the address"
awk -v ours="$ours" -v theirs="$theirs" -v living="$living" -v timeout="$timeout" -v what="$what" \
    -v runs="$runs" -v wait="$dig_wait" -v tries="$dig_tries" 'BEGIN {
    printf "check-dnsbl --timeout %d: %.2f s (median of %d), %.2f x the time-out\n", timeout,
        ours / 1000, runs, ours / 1000 / timeout
    printf "check-dnsbl, the 70 living lists: %.3f s\n", living / 1000
    printf "%s, %d s and %d tries a question: %.1f s; ours is 1/%.0f of it\n", what, wait, tries,
        theirs / 1000, theirs / ours
}'
