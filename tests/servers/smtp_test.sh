#!/bin/sh
# smtp_test.sh SPAMGEAR - one delivery against servers that behave, and that do not: no mail is
# reported sent that was not, none is sent in a way that was not asked for, and no server holds
# the caller up. smtp_try, beside the spamgear binary, does the sending.
# shellcheck disable=SC2154,SC2317  # set, or called, by what is sourced
. "$(dirname "$0")/lib.sh"
. "$servers_dir/postfix_traffic.sh"
try=$(dirname "$spamgear")/smtp_try
[ -x "$try" ] || give_up "$try is not there"
python=/usr/bin/python3

# --- certificates: made here, with a CA of their own ----------------------------------

mkdir certs
make_ca() { # NAME
    openssl req -x509 -newkey rsa:2048 -nodes -keyout "certs/$1.key" -out "certs/$1.crt" \
        -subj "/CN=$1" -addext subjectAltName=DNS:localhost -days 30 2>>openssl.out || give_up "openssl"
}
certificate() { # NAME ALTERNATIVES OPTION...: days of "-days -1" are in the past
    name=$1
    printf 'subjectAltName=%s\n' "$2" >certs/ext
    shift 2
    openssl req -newkey rsa:2048 -nodes -keyout "certs/$name.key" -out certs/csr \
        -subj "/CN=$name" 2>>openssl.out &&
        openssl x509 -req -in certs/csr -CA certs/ca.crt -CAkey certs/ca.key -CAcreateserial \
            -extfile certs/ext -out "certs/$name.crt" "$@" 2>>openssl.out &&
        cat "certs/$name.key" "certs/$name.crt" >"certs/$name.pem"
}
make_ca ca
make_ca other
make_ca self
cat certs/self.key certs/self.crt >certs/self.pem
certificate good DNS:localhost,IP:127.0.0.1,IP:::1 -days 30 || give_up "openssl"
certificate name DNS:localhost -days 30 || give_up "openssl"
certificate wrong DNS:mail.example,IP:192.0.2.1 -days 30 || give_up "openssl"
certificate expired DNS:localhost,IP:127.0.0.1 -days -1 || give_up "openssl"
chmod 644 certs/*

# --- servers --------------------------------------------------------------------------

cat >behaviours <<'END'
plain
helo helo=1
tls tls=starttls
tls13 tls=starttls version=1.3 tickets=4
tls12 tls=starttls version=1.2
implicit tls=implicit
implicit13 tls=implicit version=1.3 tickets=4
six tls=starttls family=6
six465 tls=implicit family=6
name tls=starttls cert=name
wrong tls=starttls cert=wrong
expired tls=starttls cert=expired
self tls=starttls cert=self
wrong465 tls=implicit cert=wrong
expired465 tls=implicit cert=expired
self465 tls=implicit cert=self
auth tls=starttls auth=1
auth465 tls=implicit auth=1
login tls=starttls auth=LOGIN
plainauth auth=1 plainauth=1
strange tls=starttls auth=GSSAPI_NTLM
noauth tls=starttls
echo tls=starttls auth=echo
almost tls=starttls auth=1 auth_reply=250_hello
inject tls=starttls inject=1 plainauth=1
refuses tls=starttls starttls=454_not_now
busy greeting=421_too_busy
gone greeting=554_no_service
early greeting=220_x%250_y
sender mail=550_5.7.1_not_you
senderlater mail=451_4.7.1_wait
nodata data=451_4.3.0_later
baddata data=250_ok
dot4 dot=452_4.2.2_full
dot5 dot=554_5.7.1_spam
early552 early=552_5.3.4_too_big
early421 tls=starttls early=421_4.3.2_going_down
deaf greeting=deaf
full greeting=full
END
{
    for how in hang close endless huge half garbage; do
        for step in greeting ehlo mail rcpt data dot quit; do
            echo "$step-$how $step=$how"
        done
    done
    for how in hang close garbage; do
        for step in starttls handshake; do
            echo "$step-$how tls=starttls $step=$how"
        done
    done
    echo "auth-hang tls=starttls auth=1 auth_reply=hang"
    echo "auth-close tls=starttls auth=1 auth_reply=close"
} >>behaviours
: >log
start smtp_server.out env PYTHONDONTWRITEBYTECODE=1 "$python" "$servers_dir/smtp_server.py" \
    certs behaviours ports log
wait_for "the servers" test -s ports
port() { awk -v name="$1" '$1 == name { print $2 }' ports; }
echo secret >password
echo terces >bad-password

# send SCHEME HOST SERVER [KEY=VALUE]... : what smtp_try says, ports taken out, and the status
send() {
    where="$1://$2:$(port "$3")"
    shift 3
    answer=$(printf 'hello\n.\n..x\n' | timeout 30 "$try" "$where" to=one@example.com ca=certs/ca.crt "$@" 2>&1)
    status=$?
    printf '%s\n%s' "$answer" "$status" | sed -E 's/(localhost|127\.0\.0\.1|\[::1\]):[0-9]+/\1/'
}
taken="one@example.com: sent 250 2.0.0 taken
0"
not() { printf 'one@example.com: not tried 0 -\nfailed: %s\n1' "$1"; }

# --- what works -----------------------------------------------------------------------

same "plain" "$taken" "$(send smtp 127.0.0.1 plain tls=off)"
same "the very bytes" 'from@example.net|one@example.com|hello|.|..x' "$(tail -n 1 log | "$python" -c '
import json, sys
m = json.loads(sys.stdin.read())
i = m["data"].index("")
print("|".join([m["sender"]] + m["to"] + m["data"][i + 1:]))
assert [h.split(":")[0] for h in m["data"][:i]] == ["Date", "From", "To", "Subject", "Message-ID",
    "Auto-Submitted", "Precedence", "MIME-Version", "Content-Type", "Content-Transfer-Encoding"]')"
same "without ESMTP" "$taken" "$(send smtp 127.0.0.1 helo tls=off)"
for server in tls tls13 tls12; do
    same "$server by address" "$taken" "$(send smtp 127.0.0.1 $server)"
    same "$server by name" "$taken" "$(send smtp localhost $server)"
done
same "TLS 1.2 at most" "$taken" "$(send smtp 127.0.0.1 tls tls12)"
same "TLS 1.2 at most, 1.3 at least" "$(not "127.0.0.1: starting TLS: TLS: tlsv1 alert protocol version")" \
    "$(send smtp 127.0.0.1 tls13 tls12)"
for server in implicit implicit13; do
    same "$server" "$taken" "$(send smtps 127.0.0.1 $server tls=off)"
done
same "IPv6" "$taken" "$(send smtp '[::1]' six)"
same "IPv6 and 465" "$taken" "$(send smtps '[::1]' six465)"
same "opportunistic, offered" "$taken" "$(send smtp 127.0.0.1 tls tls=opportunistic)"
same "opportunistic, not offered" "$taken" "$(send smtp 127.0.0.1 plain tls=opportunistic)"
same "opportunistic, without ESMTP" "$taken" "$(send smtp 127.0.0.1 helo tls=opportunistic)"
same "opportunistic, TLS refused" "$taken" "$(send smtp 127.0.0.1 refuses tls=opportunistic)"
same "opportunistic, TLS broken" "$taken" "$(send smtp 127.0.0.1 handshake-close tls=opportunistic)"
same "opportunistic, TLS hangs" "$taken" \
    "$(send smtp 127.0.0.1 handshake-hang tls=opportunistic deadline=3000)"
same "which had TLS" 'True True False False False False False' "$("$python" -c '
import json
print(*[m["tls"] for m in map(json.loads, open("log"))][-7:])')"

# libesmtp of itself hung in more than half of these (Postfix) or one in twelve.
same "200 times TLS 1.3 with tickets" "    200 one@example.com: sent 250 2.0.0 taken" \
    "$(send smtp 127.0.0.1 tls13 repeat=200 | sed '$d' | sort | uniq -c)"
# Here nothing is said before TLS: a record could be forgotten when none had been waited for.
same "100 times, 465" "    100 one@example.com: sent 250 2.0.0 taken" \
    "$(send smtps 127.0.0.1 implicit13 repeat=100 | sed '$d' | sort | uniq -c)"

# --- certificates ---------------------------------------------------------------------

name_error="hostname mismatch"
for how in "smtp 127.0.0.1 name:IP address mismatch" "smtp localhost wrong:$name_error" \
    "smtp 127.0.0.1 wrong:IP address mismatch" "smtp localhost expired:certificate has expired" \
    "smtp localhost self:self-signed certificate" "smtps localhost wrong465:$name_error" \
    "smtps localhost expired465:certificate has expired" \
    "smtps localhost self465:self-signed certificate"; do
    # shellcheck disable=SC2086  # three words
    set -- ${how%%:*}
    same "certificate: $how" "$(not "$(echo "$2" | tr -d '[]'): starting TLS: its certificate: ${how#*:}")" \
        "$(send "$1" "$2" "$3" | sed "s/\(failed: \)\[\{0,1\}$2\]\{0,1\}/\1$2/")"
done
same "another CA" "$(not "localhost: starting TLS: its certificate: unable to get local issuer certificate")" \
    "$(send smtp localhost tls ca=certs/other.crt)"
same "the system's CAs" "$(not "localhost: starting TLS: its certificate: unable to get local issuer certificate")" \
    "$(printf 'x' | "$try" "smtp://localhost:$(port tls)" to=one@example.com 2>&1 | sed -E 's/:[0-9]+:/:/'; echo 1)"
same "self-signed and trusted" "$taken" "$(send smtp localhost self ca=certs/self.crt)"
same "no CA file" "$(not "localhost: starting TLS: certs/none: No such file or directory")" \
    "$(send smtp localhost tls ca=certs/none)"
same "opportunistic takes any" "$taken" "$(send smtp localhost expired tls=opportunistic)"
same "not with a password" "$(not "localhost: starting TLS: its certificate: certificate has expired")" \
    "$(send smtp localhost expired tls=opportunistic user=joe password-file=password)"

# --- TLS or nothing -------------------------------------------------------------------

same "required, not offered" "$(not "127.0.0.1: asking for TLS: it offers no TLS (STARTTLS)")" \
    "$(send smtp 127.0.0.1 plain)"
same "required, refused" "$(not "127.0.0.1: asking for TLS: it refused TLS: 454 not now")" \
    "$(send smtp 127.0.0.1 refuses)"
for tls in required opportunistic; do
    same "injected, $tls" "$(not "127.0.0.1: asking for TLS: it said more than it was asked")" \
        "$(send smtp 127.0.0.1 inject tls=$tls)"
done
same "injected, with a password" "$(not "127.0.0.1: asking for TLS: it said more than it was asked")" \
    "$(send smtp 127.0.0.1 inject user=joe password-file=password)"
same "talks before it is asked" "$(not "127.0.0.1: waiting for its greeting: it said more than it was asked")" \
    "$(send smtp 127.0.0.1 early)"

# --- log-in ---------------------------------------------------------------------------

login="user=joe password-file=password"
# shellcheck disable=SC2086  # words
{
    for server in auth login; do
        same "log-in, $server" "$taken" "$(send smtp 127.0.0.1 $server $login)"
    done
    same "log-in, 465" "$taken" "$(send smtps 127.0.0.1 auth465 $login)"
    same "whose" 'joe joe joe' "$("$python" -c '
import json
print(*[m["user"] for m in map(json.loads, open("log"))][-3:])')"
    same "no TLS, no log-in" "$(not "127.0.0.1: asking for TLS: it offers no TLS (STARTTLS)")" \
        "$(send smtp 127.0.0.1 plainauth $login tls=opportunistic)"
    same "TLS off" "$(not "a password is never sent without TLS, and TLS is off")" \
        "$(send smtp 127.0.0.1 plainauth $login tls=off)"
    same "no AUTH" "$(not "127.0.0.1: saying hello and logging in: it offers no log-in that is known here (PLAIN, LOGIN)")" \
        "$(send smtp 127.0.0.1 noauth $login)"
    same "almost" "$(not "127.0.0.1: saying hello and logging in: it refused the log-in: 250 hello")" \
        "$(send smtp 127.0.0.1 almost $login)"
    same "a server that tells" "$(not "127.0.0.1: saying hello and logging in: it refused the log-in: 535 5.7.8 no ***")" \
        "$(send smtp 127.0.0.1 echo $login)"
    same "log-in that hangs" "$(not "127.0.0.1: saying hello and logging in: took too long")" \
        "$(send smtp 127.0.0.1 auth-hang $login deadline=700)"
    same "log-in that is cut" "$(not "127.0.0.1: saying hello and logging in: it closed the connection")" \
        "$(send smtp 127.0.0.1 auth-close $login)"
}
same "wrong password" "$(not "127.0.0.1: saying hello and logging in: it refused the log-in: 535 5.7.8 wrong password")" \
    "$(send smtp 127.0.0.1 auth user=joe password-file=bad-password)"
same "other mechanisms only" "$(not "127.0.0.1: saying hello and logging in: it offers no log-in that is known here (PLAIN, LOGIN)")" \
    "$(send smtp 127.0.0.1 strange user=joe password-file=password)"
same "nothing was said that should not" "" "$(grep '"wrong"' log)"

# --- refused, later -------------------------------------------------------------------

same "each for itself" "one@example.com: sent 250 2.0.0 taken
r550@example.com: refused 550 5.1.1 that is r550@example.com
r450@example.com: later 450 4.1.1 that is r450@example.com
-x@example.com: refused 0 is no address
a b@example.com: refused 0 is no address
0" "$(send smtp 127.0.0.1 plain tls=off to=r550@example.com to=r450@example.com to=-x@example.com \
    'to=a b@example.com')"
same "sender" "one@example.com: refused 550 5.7.1 not you
0" "$(send smtp 127.0.0.1 sender tls=off)"
same "sender, later" "one@example.com: later 451 4.7.1 wait
0" "$(send smtp 127.0.0.1 senderlater tls=off)"
same "no data" "one@example.com: later 451 4.3.0 later
0" "$(send smtp 127.0.0.1 nodata tls=off)"
same "full" "one@example.com: later 452 4.2.2 full
0" "$(send smtp 127.0.0.1 dot4 tls=off)"
same "spam" "one@example.com: refused 554 5.7.1 spam
r450@example.com: later 450 4.1.1 that is r450@example.com
0" "$(send smtp 127.0.0.1 dot5 tls=off to=r450@example.com)"
same "busy" "$(not "127.0.0.1: waiting for its greeting: it said: 421 too busy")" \
    "$(send smtp 127.0.0.1 busy tls=off)"
same "no service" "$(not "127.0.0.1: waiting for its greeting: it said: 554 no service")" \
    "$(send smtp 127.0.0.1 gone tls=off)"
same "250 to DATA is no delivery" "0" "$(send smtp 127.0.0.1 baddata tls=off | grep -c ': sent')"
same "nobody listens" "one@example.com: not tried 0 -
failed: 127.0.0.1:1: connecting: Connection refused" \
    "$("$try" smtp://127.0.0.1:1 to=one@example.com </dev/null)"
same "no such host" "one@example.com: not tried 0 -" \
    "$("$try" smtp://nowhere.invalid to=one@example.com </dev/null | sed '/^failed: nowhere.invalid:25: connecting: /d')"

# --- misbehaviour at every step -------------------------------------------------------

for step in greeting ehlo mail rcpt data dot; do
    for how in hang close endless huge half garbage; do
        begun=$(date +%s)
        send smtp 127.0.0.1 "$step-$how" tls=off deadline=1500 >answer
        same "$step-$how" "one@example.com: not tried 1" \
            "$(sed -n 's/\(: not tried\).*/\1/p' answer) $(tail -n 1 answer)"
        same "$step-$how: soon, and why" "yes 1" \
            "$([ $(($(date +%s) - begun)) -le 4 ] && echo yes) $(grep -c '^failed: 127.0.0.1: ..*: ..*' answer)"
    done
done
for how in hang close endless huge half garbage; do
    same "quit-$how" "$taken" "$(send smtp 127.0.0.1 "quit-$how" tls=off deadline=1500)"
done
for step in starttls handshake; do
    for how in hang close garbage; do
        send smtp 127.0.0.1 "$step-$how" deadline=1500 >answer
        same "$step-$how" "one@example.com: not tried 1" \
            "$(sed -n 's/\(: not tried\).*/\1/p' answer) $(tail -n 1 answer)"
    done
done
same "a deadline" "$(not "127.0.0.1: waiting for its greeting: took too long")" \
    "$(send smtp 127.0.0.1 deaf deadline=500)"
same "nobody can connect" "$(not "127.0.0.1: connecting: Connection timed out")" \
    "$(send smtp 127.0.0.1 full deadline=1000)"
same "no server broke" "" "$(grep Error: smtp_server.out | grep -v -e ssl -e Connection -e Pipe | head -n 3)"

# --- what stays where it is -----------------------------------------------------------

# libesmtp's own TLS reads these; whoever opens a FIFO waits for ever.
mkdir -p home/.config/libesmtp/private home/.authenticate
for file in ca.pem private/smtp-starttls.pem private/127.0.0.1.pem; do
    mkfifo "home/.config/libesmtp/$file"
done
same "nothing is read at home" "$taken" \
    "$(HOME=$work/home XDG_CONFIG_DIR=$work/home/.config XDG_CONFIG_HOME=$work/home/.config send smtp 127.0.0.1 tls)"

# A password stands neither in the arguments nor in the environment of any process.
"$try" "smtp://127.0.0.1:$(port auth-hang)" to=one@example.com ca=certs/ca.crt user=joe \
    password-file=password deadline=2000 </dev/null >/dev/null 2>&1 &
sender=$!
sleep 1
same "both processes" 2 "$(pgrep -c -f "smtp_try smtp://127.0.0.1:$(port auth-hang)")"
same "no password to be seen" "" "$(for process in $(pgrep -f "smtp_try smtp://127.0.0.1:$(port auth-hang)"); do
    tr '\0' '\n' <"/proc/$process/cmdline" | grep -x '.*secret.*'
    tr '\0' '\n' <"/proc/$process/environ" | grep -x '.*secret.*'
done)"
wait "$sender"

# --- much -----------------------------------------------------------------------------

many=$(seq -f 'to=n%.0f@example.com' 300)
# shellcheck disable=SC2086  # words
same "300 recipients" 300 "$(send smtp 127.0.0.1 tls13 $many | grep -c '^n.*: sent 250')"
seq 300000 >large
same "a large mail" "one@example.com: sent 250 2.0.0 taken" \
    "$("$try" "smtp://127.0.0.1:$(port tls13)" to=one@example.com ca=certs/ca.crt <large)"
same "all of it" "True" "$(tail -n 1 log | "$python" -c '
import json, sys
data = json.loads(sys.stdin.read())["data"]
print(data[data.index("") + 1:] == open("large").read().splitlines())')"


# --- a server that has heard enough ---------------------------------------------------

large() { "$try" "smtp://127.0.0.1:$(port "$1")" to=one@example.com ca=certs/ca.crt "$2" <large; }
same "too big, and closed: why" "one@example.com: refused 552 5.3.4 too big" "$(large early552 tls=off)"
same "going down, and closed: why" "one@example.com: later 421 4.3.2 going down" \
    "$(large early421 tls=required)"

# --- aiosmtpd -------------------------------------------------------------------------

cat >sink.py <<'END'
import ssl, sys, time
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

class Sink:
    async def handle_DATA(self, server, session, envelope):
        with open("sink.log", "a") as f:
            print(bool(session.ssl), session.auth_data, *envelope.rcpt_tos, file=f)
        return "250 2.0.0 taken"

def login(server, session, envelope, mechanism, data):
    return AuthResult(success=(data.login, data.password) == (b"joe", b"secret"), auth_data="joe")

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("certs/good.pem")
port = int(sys.argv[1])
Controller(Sink(), hostname="127.0.0.1", port=port, tls_context=context, require_starttls=True,
           authenticator=login, auth_required=True).start()
time.sleep(3600)
END
sink_port=$(free_ports 1)
start sink.out env PYTHONPATH="$cache/usr/lib/python3/dist-packages" PYTHONDONTWRITEBYTECODE=1 \
    "$python" sink.py "$sink_port"
wait_for "aiosmtpd" listens 127.0.0.1 "$sink_port"
# shellcheck disable=SC2086  # words
{
    same "aiosmtpd, 100 times" "    100 one@example.com: sent 250 2.0.0 taken" \
        "$(printf 'x\n' | "$try" "smtp://localhost:$sink_port" to=one@example.com ca=certs/ca.crt $login repeat=100 | sort | uniq -c)"
    same "aiosmtpd, log-in required" "one@example.com: refused 530 5.7.0 Authentication required" \
        "$(printf 'x\n' | "$try" "smtp://localhost:$sink_port" to=one@example.com ca=certs/ca.crt)"
}
same "as whom" "    100 True joe one@example.com" "$(sort sink.log | uniq -c)"

# --- Postfix, with Dovecot's SASL -----------------------------------------------------

read -r port_submission port_smtps port_smtp port_proxied port_reentry <<END
$(free_ports 5)
END
postfix_configure
cat >>conf/main.cf <<END
smtpd_tls_cert_file = $work/certs/good.crt
smtpd_tls_key_file = $work/certs/good.key
smtpd_tls_security_level = may
smtpd_tls_auth_only = yes
smtpd_tls_loglevel = 1
END
sed -i "s/^\(.*:$port_smtps .*\)/\1 -o smtpd_tls_wrappermode=yes/" conf/master.cf
dovecot_start
start postfix.out env LD_LIBRARY_PATH="$postfix_lib" "$postfix_lib/sbin/master" -c "$work/conf" -d
wait_for "Postfix" listens 127.0.0.1 "$port_submission"
postfix() { # URL [KEY=VALUE]... : how often which answer, without queue IDs
    printf 'x\n' | "$try" "$@" to=one@example.com ca=certs/ca.crt |
        sed -E 's/[0-9]+ bytes queued as .*/queued/; s/:[0-9]+:/:/' | sort | uniq -c | sed 's/^ *//'
}
same "Postfix, 200 times" "200 one@example.com: sent 250 2.0.0 Ok: queued" \
    "$(postfix "smtp://localhost:$port_submission" user=alice password-file=password repeat=200)"
same "Postfix, 465" "20 one@example.com: sent 250 2.0.0 Ok: queued" \
    "$(postfix "smtps://localhost:$port_smtps" user=alice password-file=password repeat=20)"
same "Postfix, [::1]" "1 one@example.com: sent 250 2.0.0 Ok: queued" \
    "$(postfix "smtp://[::1]:$port_submission" user=alice password-file=password)"
same "Postfix, TLS 1.2" "20 one@example.com: sent 250 2.0.0 Ok: queued" \
    "$(postfix "smtp://localhost:$port_submission" user=alice password-file=password repeat=20 tls12)"
same "Postfix, wrong password" "1 failed: localhost: saying hello and logging in: it refused the log-in: 535 5.7.8 Error: authentication failed: (reason unavailable)
1 one@example.com: not tried 0 -" \
    "$(postfix "smtp://localhost:$port_submission" user=alice password-file=bad-password)"
same "Postfix, no log-in" "1 one@example.com: refused 554 5.7.1 <one@example.com>: Recipient address rejected: Access denied" \
    "$(postfix "smtp://localhost:$port_submission")"
same "Postfix, a user it refuses" "1 one@example.com: sent 250 2.0.0 Ok: queued
1 refused@example.com: refused 554 5.7.1 <refused@example.com>: Recipient address rejected: no such user" \
    "$(postfix "smtp://localhost:$port_submission" user=alice password-file=password to=refused@example.com)"
same "in its log" "TLSv1.2 20
TLSv1.3 224" "$(sed -n 's/.*Anonymous TLS connection established.*: \(TLSv1..\) .*/\1/p' postfix.log |
    sort | uniq -c | awk '{ print $2, $1 }')"
report
