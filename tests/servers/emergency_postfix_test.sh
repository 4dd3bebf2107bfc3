#!/bin/sh
# emergency_postfix_test.sh SPAMGEAR - emergency-mail with servers of others: Postfix with STARTTLS
# and Dovecot's log-in, and aiosmtpd. What they take is what was reported, once; what they do not
# take yet waits in the spool.
# shellcheck disable=SC2154,SC2317  # set, or called, by what is sourced
. "$(dirname "$0")/lib.sh"
. "$servers_dir/postfix_traffic.sh"
python=/usr/bin/python3

mkdir certs
openssl req -x509 -newkey rsa:2048 -nodes -keyout certs/key -out certs/crt -subj /CN=x \
    -addext subjectAltName=DNS:localhost -days 30 2>openssl.out || give_up "openssl"
chmod 644 certs/*
echo secret >password
echo terces >bad-password
chmod 600 password bad-password
begin=1795282389

# configure SERVER-AND-ADDRESSES PASSWORD-FILE
configure() {
    cat >settings <<END
[mail]
spool = $work/waiting
[emergency]
spool = $work/waiting
name = www.example.net
queue-command = echo 4000
timeout = 10s
tls = required
ca-file = $work/certs/crt
user = ${3:-alice}
password-file = $work/$2
smtp = $1
END
}
emergency() { # SECONDS, the report on standard input: sets $status
    timeout 60 "$spamgear" emergency-mail --config settings --now "@$((begin + $1))" >out 2>err
    status=$?
}
another() { # SECONDS: some other command, so much later
    mkdir -p tree
    timeout 60 "$spamgear" hash-tree --config settings --now "@$((begin + $1))" tree \
        >another.out 2>another.err
}
waiting() { find waiting -maxdepth 1 -name '*.mail' 2>/dev/null | wc -l; }
delivered() { grep -c "to=<$1>.*status=sent" postfix.log; }

# --- Postfix --------------------------------------------------------------------------

postfix_start "smtpd_tls_cert_file = $work/certs/crt" "smtpd_tls_key_file = $work/certs/key" \
    "smtpd_tls_security_level = may" "smtpd_tls_auth_only = yes" "smtpd_tls_loglevel = 1"
master=$started
configure "smtp://localhost:$port_submission one@example.com two@example.com" password
echo "150 spammer one" >report
emergency 0 <report
same "Postfix: taken" "0 " "$status $(cat err)"
same "Postfix: logged in, by TLS" "1 1" \
    "$(grep -c 'sasl_username=alice' postfix.log) $(grep -c 'TLS connection established from' postfix.log)"
wait_for "both" sh -c 'grep -q "to=<one@.*sent" postfix.log && grep -q "to=<two@.*sent" postfix.log'
echo "150 spammer one" >report
emergency 10 <report
same "Postfix: once" "0 1" "$status $(grep -c 'sasl_username=alice' postfix.log)"

configure "smtp://localhost:$port_submission bad@example.com" bad-password
echo "150 spammer two" >report
emergency 100 <report
same "a wrong password: told, and it waits" "2 1 1" \
    "$status $(grep -c 'bad@example.com: will be tried again: .*refused the log-in' err) $(waiting)"
chmod 644 password
configure "smtp://localhost:$port_submission bad@example.com" password
another 400
same "a password that others may read: not used" "1" "$(waiting)"
chmod 600 password
another 1100
same "a password that is right: sent" "0" "$(waiting)"
wait_for "it" sh -c 'grep -q "to=<bad@.*sent" postfix.log'

configure "smtp://localhost:$port_submission refused@example.com one@example.com" password
echo "150 spammer three" >report
emergency 2000 <report
same "one refused, one not" "2 1 0" \
    "$status $(grep -c 'refused@example.com: not sent: .*no such user' err) $(waiting)"

stop "$master"
configure "smtp://localhost:$port_submission late@example.com" password
echo "150 spammer four" >report
emergency 3000 <report
same "Postfix stopped: it waits" "2 1" "$status $(waiting)"
start postfix.out env LD_LIBRARY_PATH="$postfix_lib" "$postfix_lib/sbin/master" -c "$work/conf" -d
wait_for "Postfix" listens 127.0.0.1 "$port_submission"
another 3300
same "Postfix started: sent by the next run" "0" "$(waiting)"
wait_for "it" sh -c 'grep -q "to=<late@.*sent" postfix.log'
same "each once" "1 2 1" "$(delivered bad@example.com) $(delivered one@example.com) $(delivered late@example.com)"

# --- aiosmtpd: what arrives -----------------------------------------------------------

cat >sink.py <<'END'
import email, json, ssl, sys, time
from email import policy
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

class Sink:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("later") and time.time() < float(open("until").read()):
            return "451 4.7.1 come back"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=policy.default)
        lines = envelope.content.split(b"\r\n")
        with open("sink.log", "a") as f:
            json.dump({"tls": bool(session.ssl), "user": session.auth_data, "from": envelope.mail_from,
                       "to": envelope.rcpt_tos, "subject": mail["subject"], "defects": len(mail.defects),
                       "headers": sorted(set(mail.keys())), "bare": envelope.content.replace(b"\r\n", b"").count(b"\n") +
                       envelope.content.replace(b"\r\n", b"").count(b"\r"), "longest": max(map(len, lines)),
                       "text": mail.get_content()}, f)
            f.write("\n")
        return "250 2.0.0 taken"

def login(server, session, envelope, mechanism, data):
    return AuthResult(success=(data.login, data.password) == (b"joe", b"secret"), auth_data="joe")

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("certs/crt", "certs/key")
Controller(Sink(), hostname="127.0.0.1", port=int(sys.argv[1]), tls_context=context, require_starttls=True,
           authenticator=login, auth_required=True, enable_SMTPUTF8=False).start()
time.sleep(3600)
END
echo 0 >until
: >sink.log
sink_port=$(free_ports 1)
start sink.out env PYTHONPATH="$cache/usr/lib/python3/dist-packages" PYTHONDONTWRITEBYTECODE=1 \
    "$python" sink.py "$sink_port"
wait_for "aiosmtpd" listens 127.0.0.1 "$sink_port"
configure "smtp://localhost:$sink_port one@example.com" password joe
"$python" -c '
import sys
sys.stdout.buffer.write(b"Bcc: eve@example.org\r\n\r\n" + b"x" * 100000 + b"\n" + b"a\0b\xff\xe2\x82\xac\x1b[2J\r\n" +
    b".\r\nMAIL FROM:<evil@example.org>\r\nRCPT TO:<eve@example.org>\r\nDATA\r\n" + b"\n.\n" + b"\r.\r" + b"\n.\r\n..two\nlast")
' >report
emergency 5000 <report
same "a hostile report: taken, and went on" "0  same" "$status $(cat err) $(cmp report out && echo same)"
cat >look.py <<'END'
import json
mails = [json.loads(line) for line in open("sink.log")]
mail = mails[-1]
print(len(mails), mail["tls"], mail["user"], mail["to"], mail["defects"], mail["bare"], mail["longest"] <= 998)
print(mail["subject"])
print(" ".join(mail["headers"]))
text = mail["text"].replace("\r\n", "\n").split("\n")
print(ascii([line if len(line) < 1000 else len(line) for line in text]))
END
same "a hostile report: is one mail, with the whole text" "1 True joe ['one@example.com'] 0 0 True
EMERGENCY MAIL ABUSE REPORT - www.example.net (4000 queued mails)
Auto-Submitted Content-Transfer-Encoding Content-Type Date From MIME-Version Message-ID Precedence Subject To
['Bcc: eve@example.org', '', 100000, 'ab\\\\xff\\u20ac\\\\x1b[2J', '.', 'MAIL FROM:<evil@example.org>', 'RCPT TO:<eve@example.org>', 'DATA', '', '.', '.', '.', '..two', 'last', '', '-- ', 'Messages in the mail queue: 4000 (command 4000).', '']" \
    "$("$python" look.py)"

# --- aiosmtpd: later ------------------------------------------------------------------

echo 99999999999 >until
configure "smtp://localhost:$sink_port later@example.com now@example.com" password joe
echo "150 spammer five" >report
emergency 6000 <report
same "451 for one of two: it waits" "2 2 1" "$status $(grep -c . sink.log) $(waiting)"
same "who has it need not wait" "to later@example.com" "$(grep -h '^to ' waiting/*.mail)"
another 6300
same "still later: it waits" "2 1" "$(grep -c . sink.log) $(waiting)"
echo 0 >until
another 7000
same "then delivered" "3 0 ['later@example.com']" \
    "$(grep -c . sink.log) $(waiting) $("$python" -c 'import json; print(json.loads(open("sink.log").readlines()[-1])["to"])')"

report
