#!/bin/sh
# processes_test.sh SPAMGEAR - process-check on processes that do what intruders' do.
#
# They run in namespaces of their own (PIDs, network, mounts), where nothing else runs and a loopback
# interface has the address of a documentation network, so that "another machine" of it is there to
# talk to.
# shellcheck disable=SC2016  # Perl's variables
set -u
spamgear=$(realpath "${1:?usage: $0 SPAMGEAR}")

if [ "${2:-}" != inside ]; then
    [ "$(id -u)" = 0 ] || { echo "needs root" >&2; exit 1; }
    exec unshare --net --pid --fork --mount --mount-proc --kill-child sh "$0" "$spamgear" inside
fi

passed=0 failed=0
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
cd "$work" || exit 1

same() { # NAME WANT GOT
    if [ "$2" = "$3" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAIL %s: want "%s", got "%s"\n' "$1" "$2" "$3"
    fi
}

as_nobody() { setpriv --reuid=nobody --regid=nogroup --clear-groups "$@" & }

# ifconfig lo up; ifconfig lo:0 192.0.2.1 (netdevice(7))
perl -MSocket -e 'socket(S, AF_INET, SOCK_DGRAM, 0) or die;
    my $flags = pack("a16 s x14", "lo", 0x49);
    my $address = pack("a16 S n a4 x8", "lo:0", AF_INET, 0, inet_aton("192.0.2.1"));
    ioctl(S, 0x8914, $flags) or die "up: $!";
    ioctl(S, 0x8916, $address) or die "address: $!";' || { echo "no loopback" >&2; exit 1; }

find_them() { "$spamgear" process-check --uid-low 70000 --uid-high 70001 "$@"; }

same "all is well" "0" "$(find_them >out 2>&1; echo "$? $(cat out)" | tr -d ' ')"

echo 'sleep 100' >"$work/a.pl"
cp "$(command -v sleep)" "$work/x y"
mkdir -p home
as_nobody perl "$work/a.pl"
as_nobody "$work/x y" 100
as_nobody perl -e '$0 = "/usr/sbin/httpd"; sleep 100'
as_nobody sh -c 'exec sleep 100' # a program of the system, doing nothing odd
perl -MIO::Socket::INET -e '$l = IO::Socket::INET->new(LocalPort => 25, Listen => 1)
    or die; open F, ">listens"; $c = $l->accept; sleep 100' &
tries=100
while [ ! -e listens ] && [ $tries -gt 0 ]; do sleep 0.1 && tries=$((tries - 1)); done
as_nobody perl -MIO::Socket::INET -e '$c = IO::Socket::INET->new("192.0.2.9:25") or die; sleep 100'
tries=100
until find_them >out 2>&1; [ "$(wc -l <out)" -ge 4 ] && grep -q sends-mail out &&
    grep -q faked-name out; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] || break
    sleep 0.1
done
rm "$work/x y"

find_them >out 2>&1
same "status" 1 $?
same "users" nobody "$(cut -d' ' -f2 out | sort -u)"
same "signs" "deleted,temporary
interpreter,faked-name
interpreter,sends-mail
interpreter,temporary" "$(sed 's/.*\[\(.*\)\].*/\1/' out | sort)"
same "peer" 1 "$(grep -c 'connected to 192.0.2.9:25$' out)"
find_them --format nagios >plugin
status=$?
same "nagios" "2 PROCESSES CRITICAL - 4 of 5 suspicious | suspicious=4;;0;0 processes=5;;;0" \
    "$status $(head -n 1 plugin)"
same "json" 5 "$(find_them --format json | grep -c '^{"schema":1,"type":"[a-z]*",.*}$')"
same "allow list" 3 "$(find_them --allow "perl $work/*" | wc -l)"
# Who may not look does not say that all is well.
same "not root" 2 "$(setpriv --reuid=daemon --regid=daemon --clear-groups "$spamgear" process-check \
    --uid-low 70000 >out 2>said; echo $?)"
same "not root, told" 1 "$(grep -c 'could not be read' said)"
same "no /proc" "2 1" "$(find_them --proc /dev >out 2>said; echo "$? $(grep -c 'no proc file' said)")"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
