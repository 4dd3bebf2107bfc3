#!/bin/sh
# sendmail.sh SPAMGEAR TIMEIT [RUNS] - what phpsendmail adds to a bare exec of sendmail.
#
# The sendmail of both is true(1), so that the difference is ours alone: start, reading the config,
# one line to a log daemon that reads it (a Perl process), exec. Goal: at most 1 ms.
set -eu
[ $# -ge 2 ] || { echo "usage: sendmail.sh SPAMGEAR TIMEIT [RUNS]" >&2; exit 2; }
spamgear=$(realpath "$1") timeit=$(realpath "$2") runs=${3:-101}
work=$(mktemp -d)
reader=
trap 'kill "$reader" 2>/dev/null || :; rm -rf "$work"' EXIT
cd "$work"
printf '[sendmail]\nprogram = /bin/true\nlog-socket = %s/log\n' "$work" >conf
ln -s "$spamgear" phpsendmail
perl -MSocket -e 'socket(S, AF_UNIX, SOCK_DGRAM, 0) && bind(S, sockaddr_un($ARGV[0])) or die $!;
    1 while defined recv(S, $_, 9000, 0)' "$work/log" &
reader=$!
while [ ! -S log ]; do sleep 0.1; done
export SPAMGEAR_CONFIG="$work/conf" SCRIPT_FILENAME=/srv/www/index.php HTTP_HOST=shop.example \
    REQUEST_URI=/contact REMOTE_ADDR=192.0.2.1
"$timeit" -n "$runs" phpsendmail ./phpsendmail -t -i -- sendmail /bin/true -t -i
