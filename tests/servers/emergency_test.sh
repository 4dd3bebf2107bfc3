#!/bin/sh
# emergency_test.sh SPAMGEAR - a report gets out whatever is broken: dead servers, a full disk, a
# read-only one, no DNS, a reader that has gone, a kill; and nobody gets it twice.
# shellcheck disable=SC2154,SC2317  # set, or called, by what is sourced
. "$(dirname "$0")/lib.sh"
python=/usr/bin/python3

# --- servers: one takes all, one with TLS and a certificate nobody knows, one takes nothing yet --

mkdir certs
openssl req -x509 -newkey rsa:2048 -nodes -keyout certs/key -out certs/crt -subj /CN=x -days 30 \
    2>openssl.out || give_up "openssl"
cat certs/key certs/crt >certs/self.pem
cat >behaviours <<'END'
good
tls tls=starttls cert=self
later rcpt=451_4.7.1_come_back
never rcpt=550_5.7.1_go_away
slow greeting=hang
END
: >log
start smtp_server.out env PYTHONDONTWRITEBYTECODE=1 "$python" "$servers_dir/smtp_server.py" \
    certs behaviours ports log
wait_for "the servers" test -s ports
url() { awk -v name="$1" '$1 == name { print "smtp://127.0.0.1:" $2 }' ports; }
dead=smtp://127.0.0.1:1
start=1795282389

# --- what is run ----------------------------------------------------------------------

# configure SERVER-AND-ADDRESSES : a queue that is jammed, and these servers
configure() {
    cat >conf <<END
[mail]
spool = $work/spool
[emergency]
spool = $work/spool
name = www.example.net
queue-command = echo 4000
timeout = 10s
smtp = $1
END
}

# emergency [OPTION...] <report : sets $status, leaves stdout in out and stderr in err
emergency() {
    timeout 60 "$spamgear" emergency-mail --config "$work/conf" "$@" >out 2>err
    status=$?
}

# another SECONDS : a run of some other command, so much later
another() {
    mkdir -p tree
    timeout 60 "$spamgear" hash-tree --config "$work/conf" --now "@$((start + $1))" tree \
        >another.out 2>another.err
}

# mails : what the servers got since the last call, as SERVER RECIPIENTS SUBJECT
mails() {
    "$python" -c '
import json, sys
for line in open("log"):
    mail = json.loads(line)
    if mail["server"] in ("later", "never"):
        continue  # it said no, and forgot
    subject = [l for l in mail["data"] if l.startswith("Subject: ")]
    print(mail["server"], ",".join(mail["to"]), *subject)
' | sort
    : >log
}
waiting() { find spool -name '*.mail' 2>/dev/null | wc -l; }
subject="Subject: EMERGENCY MAIL ABUSE REPORT - www.example.net (4000 queued mails)"
at() { echo "--now @$((start + $1))"; }

# --- one dead server of several -------------------------------------------------------

configure "$dead a@example.org
    $(url tls) b@example.org c@example.org
    $(url good) d@example.org"
echo "150 spammer one" >report
# shellcheck disable=SC2046
emergency $(at 0) <report
same "the others got it" "good d@example.org $subject
tls b@example.org,c@example.org $subject" "$(mails)"
same "the report went on" "150 spammer one" "$(cat out)"
same "trouble" 2 "$status"
same "who has not got it is told" 1 "$(grep -c 'a@example.org: will be tried again' err)"
same "it waits" 1 "$(waiting)"
# shellcheck disable=SC2046
emergency $(at 10) <report
same "nobody gets it twice" "" "$(mails)"
same "and that is no trouble" 0 "$status"
configure "$(url good) a@example.org"
another 100
same "not tried yet" "" "$(mails)"
another 400
same "any command sends it later" "good a@example.org $subject" "$(mails)"
same "nothing waits" 0 "$(waiting)"
another 500
same "once" "" "$(mails)"

# --- 4xx, then delivered --------------------------------------------------------------

configure "$(url later) a@example.org b@example.org"
echo "150 spammer two" >report
# shellcheck disable=SC2046
emergency $(at 1000) <report
same "later: trouble" 2 "$status"
same "later: the server's words" 2 "$(grep -c '451 .*come back' err)"
another 1400
another 1401
same "later: it still waits" 1 "$(waiting)"
configure "$(url good)"
another 1900
same "later: backed off" "" "$(mails)"
another 2100
same "later: delivered" "good a@example.org,b@example.org $subject" "$(mails)"
same "later: nothing waits" 0 "$(waiting)"

# --- 5xx ------------------------------------------------------------------------------

configure "$(url never) a@example.org"
echo "150 spammer three" >report
# shellcheck disable=SC2046
emergency $(at 3000) <report
same "refused: trouble" 2 "$status"
same "refused: nothing waits" 0 "$(waiting)"

# --- all dead, and given up -----------------------------------------------------------

configure "$dead a@example.org"
# shellcheck disable=SC2046
emergency $(at 4000) <report
same "all dead: the report went on" "150 spammer three" "$(cat out)"
same "all dead: trouble" 2 "$status"
another $((6 * 86400))
same "all dead: given up" 1 "$(find spool/failed -name '*.mail' | wc -l)"
same "all dead: told" 1 "$(grep -c 'is given up, and kept as' another.err)"
rm -rf spool

# --- disks ----------------------------------------------------------------------------

configure "$(url good) a@example.org $(url later) b@example.org"
echo "150 spammer four" >report
cat >full.sh <<'END'
mount -t tmpfs -o size=16k,mode=0700 none spool || exit 99
dd if=/dev/zero of=spool/full bs=1k count=64 2>/dev/null
exec "$@"
END
cat >read-only.sh <<'END'
mount -t tmpfs -o size=16k,mode=0700 none spool && mount -o remount,ro spool || exit 99
exec "$@"
END
for disk in full read-only; do
    mkdir spool
    unshare -m sh "$work/$disk.sh" timeout 60 "$spamgear" emergency-mail --config conf \
        <report >out 2>err
    same "$disk disk: status" 2 $?
    same "$disk disk: who can get it has it" "good a@example.org $subject" "$(mails)"
    same "$disk disk: the report went on" "150 spammer four" "$(cat out)"
    same "$disk disk: what is lost is told" 1 "$(grep -c '^emergency-mail: b@example.org: not sent' err)"
    same "$disk disk: and why" 1 "$(grep -c 'cannot be spooled' err)"
    rmdir spool
done

# --- no DNS for the name of this host -------------------------------------------------

configure "$(url good) a@example.org"
echo "nameserver 192.0.2.1" >resolv.conf
echo "127.0.0.1 localhost" >hosts
cat >no-dns.sh <<'END'
mount --bind resolv.conf "$(realpath /etc/resolv.conf)" && mount --bind hosts /etc/hosts || exit 99
exec "$@"
END
if [ -e /etc/resolv.conf ] && [ -e /etc/hosts ]; then
    began=$(date +%s)
    unshare -m sh "$work/no-dns.sh" timeout 60 "$spamgear" emergency-mail --config conf \
        <report >out 2>err
    same "no DNS: status" 0 $?
    same "no DNS: sent" "good a@example.org $subject" "$(mails)"
    same "no DNS: at once" 1 "$(($(date +%s) - began < 5))"
fi
rm -rf spool

# --- as it comes ----------------------------------------------------------------------

mkfifo pipe
"$spamgear" emergency-mail --config conf <pipe >out 2>err &
exec 3>pipe
echo "first line" >&3
wait_for "the first line" grep -q "first line" out
same "nothing is sent before the end" "" "$(mails)"
echo "last line" >&3
exec 3>&-
wait $!
same "all of it went on" "first line
last line" "$(cat out)"
same "and was sent" "good a@example.org $subject" "$(mails)"

# --- a reader that has gone, and more than is mailed ----------------------------------

seq 400000 | "$spamgear" emergency-mail --config conf 2>err | head -n 1 >out
same "the reader got his line" 1 "$(cat out)"
same "bounded, and said so" "True True" "$("$python" -c '
import json
data = json.loads(open("log").readline())["data"]
print(800000 < sum(map(len, data)) < 1100000, any("bytes are not in this mail" in l for l in data))')"
mails >/dev/null

# --- an output that takes nothing -----------------------------------------------------

echo "150 spammer five" >report
"$spamgear" emergency-mail --config conf <report >/dev/full 2>err
same "output full: trouble" 2 $?
same "output full: it is sent" "good a@example.org $subject" "$(mails)"
echo "150 spammer four" >report

# --- a server that hangs holds up nobody but us ---------------------------------------

configure "$(url slow) a@example.org"
began=$(date +%s)
"$spamgear" emergency-mail --config conf <report 2>err | {
    cat >out
    date +%s >ended
}
same "the reader need not wait" 1 "$(($(cat ended) - began < 5))"
same "the report went on" "150 spammer four" "$(cat out)"
same "the server was waited for" 1 "$(waiting)"
rm -rf spool

# --- libraries that are not there -----------------------------------------------------

# without LIBRARY COMMAND... : as if it were not installed
cat >without.sh <<'END'
library=$1
shift
found=$(ldconfig -p | sed -n "s/^[[:space:]]*$library .*=> //p") # of each architecture
[ -n "$found" ] || exit 98
for file in $found; do
    mount --bind /dev/null "$(realpath "$file")" || exit 99
done
exec "$@"
END
configure "$(url tls) a@example.org"
# shellcheck disable=SC2046
unshare -m sh "$work/without.sh" libesmtp.so.6 "$spamgear" emergency-mail --config conf $(at 0) \
    <report >out 2>err
same "no libesmtp: trouble" 2 $?
same "no libesmtp: told" 1 "$(grep -c 'a@example.org: will be tried again: .*cannot load libesmtp' err)"
another 300
same "no libesmtp: sent by a run that has it" "tls a@example.org $subject" "$(mails)"
rm -rf spool

# --- settings that are wrong keep no mail back ----------------------------------------

for wrong in "hello = not a name" "from = nobody at all" "ca-file = $work/none" "threshold = many" \
    "timeout = 0s" "strange = x"; do
    configure "$(url good) a@example.org"
    echo "$wrong" >>conf
    emergency <report
    same "$wrong: sent" "good a@example.org $subject" "$(mails)"
    rm -rf spool
done
configure "$(url good) a@example.org"
cat >ignored.py <<'END'
import os, signal, sys
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
os.execv(sys.argv[1], sys.argv[1:])
END
"$python" ignored.py "$spamgear" emergency-mail --config conf <report >out 2>err
same "SIGCHLD ignored: sent, and counted" "0 good a@example.org $subject" "$? $(mails)"
rm -rf spool

# --- memory ---------------------------------------------------------------------------

cat >peak.py <<'END'
import resource, subprocess, sys
feed = subprocess.Popen(["head", "-c", sys.argv[1], "/dev/zero"], stdout=subprocess.PIPE)
head = f"cat {sys.argv[2]} -"
report = subprocess.Popen(head.split(), stdin=feed.stdout, stdout=subprocess.PIPE)
subprocess.run(sys.argv[3:], stdin=report.stdout, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
END
configure "$(url good) a@example.org"
small=$("$python" peak.py 2M report "$spamgear" emergency-mail --config conf 2>err)
rm -rf spool
large=$("$python" peak.py 1G report "$spamgear" emergency-mail --config conf 2>err)
rm -rf spool
same "1 GB needs no more memory than 2 MB" yes "$([ "$large" -le $((small + 16)) ] && echo yes || echo "$small $large")"
same "both are mailed" 2 "$(mails | grep -c "$subject")"
# A build with sanitizers cannot even start so.
limited() { sh -c 'ulimit -v 100000 && exec "$@"' limited "$@"; }
if sh -c 'ulimit -v 100000; "$@"; exit' limited "$spamgear" --version >/dev/null 2>&1; then
    head -c 1G /dev/zero | limited "$spamgear" emergency-mail --config conf 2>err | wc -c >out
    same "in 100 MB of memory" "$((1 << 30))" "$(cat out)"
    mails >/dev/null
    rm -rf spool
fi

# --- killed while a server keeps it waiting -------------------------------------------

configure "$(url slow) a@example.org"
# shellcheck disable=SC2046
"$spamgear" emergency-mail --config conf $(at 0) <report >out 2>err &
victim=$!
wait_for "the mail in the spool" sh -c 'ls spool/*.mail'
kill -KILL $victim
wait $victim 2>/dev/null
configure "$(url good) a@example.org"
another 100
same "killed: it may still be at work" "" "$(mails)"
another 300
same "killed: sent by a later run" "good a@example.org $subject" "$(mails)"

# --- many runs at once ----------------------------------------------------------------

configure "$dead a@example.org"
for i in 1 2 3 4 5 6; do
    # shellcheck disable=SC2046
    echo "spammer $i at once" | "$spamgear" emergency-mail --config conf $(at 0) >out 2>err
done
same "six wait" 6 "$(waiting)"
configure "$(url good) a@example.org"
runs=
for i in 1 2 3 4 5; do
    "$spamgear" hash-tree --config conf --now "@$((start + 400))" tree >/dev/null 2>&1 &
    runs="$runs $!"
done
# shellcheck disable=SC2086
wait $runs
another 401
same "six are sent" 6 "$(mails | wc -l)"
same "none waits" 0 "$(waiting)"

report
