# postfix_traffic.sh - a Postfix with Dovecot SASL, mail sent through it, and what was sent.
# Sourced after lib.sh by the tests that need the lines of a real Postfix.
#
# postfix_traffic leaves the log in $work/postfix.log, as postlogd writes it (zero-padded
# days). $postfix_sent is the table that a checker must give for exactly this log.
#
# shellcheck shell=sh disable=SC2034,SC2119,SC2120,SC2154

postfix_lib=$cache/usr/lib/postfix
dovecot_lib=$cache/usr/lib/dovecot:$cache/usr/lib/dovecot/modules/old-stats
uid_local=65534 # a local sender's uid; needs no account

# The numbers are messages, recipients, addresses, failed log-ins.
postfix_sent='sasl|alice|7|11|4|2
sasl|bob@example.net|3|9|3|0
sasl|john doe|2|2|1|0
sasl|carol|2|2|1|0
sasl|user=eq@example.net|2|4|2|0
sasl|eve, evening|3|3|1|0
local|uid=65534|2|3|0|0
local|uid=0|1|1|0|0
summary|8|6|0|0'

dovecot_configure() {
    mkdir -p sasl "spool/private"
    cat >sasl/users <<'END'
alice:{PLAIN}secret::::::
bob@example.net:{PLAIN}secret::::::
john doe:{PLAIN}secret::::::
carol:{PLAIN}secret::::::
user=eq@example.net:{PLAIN}secret::::::
eve, evening:{PLAIN}secret::::::
END
    cat >sasl/dovecot.conf <<END
base_dir = $work/sasl/run
state_dir = $work/sasl/run
log_path = $work/sasl/log
protocols =
listen = 127.0.0.1
ssl = no
auth_mechanisms = plain login
auth_username_chars =
auth_failure_delay = 0
disable_plaintext_auth = no
default_internal_user = news
default_internal_group = news
default_login_user = nobody
import_environment = LD_LIBRARY_PATH=$dovecot_lib
libexec_dir = $cache/usr/lib/dovecot
mail_plugin_dir = $cache/usr/lib/dovecot/modules
passdb {
  driver = passwd-file
  args = scheme=PLAIN username_format=%u $work/sasl/users
}
userdb {
  driver = static
  args = uid=65534 gid=65534 home=/nonexistent
}
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service auth {
  unix_listener $work/spool/private/auth {
    mode = 0666
  }
}
END
}

dovecot_run() {
    mkdir -p sasl/run
    # dovecot would start doveconf by its installed path; the other way round works anywhere.
    start dovecot.out env LD_LIBRARY_PATH="$dovecot_lib" \
        "$cache/usr/bin/doveconf" -f service=master -c "$work/sasl/dovecot.conf" \
        -m master -e "$cache/usr/sbin/dovecot" -F -c "$work/sasl/dovecot.conf"
    wait_for "Dovecot" test -S spool/private/auth
}

dovecot_start() {
    dovecot_configure
    dovecot_run
}

postfix_configure() {
    mkdir -p conf data spool/pid
    for queue in maildrop hold incoming active deferred defer bounce corrupt flush saved trace \
        public private; do
        mkdir -p "spool/$queue"
        chown news "spool/$queue"
    done
    chown news data
    chgrp uucp spool/public spool/maildrop
    chmod 700 spool/private
    chmod 710 spool/public
    chmod 730 spool/maildrop
    cat >conf/main.cf <<END
compatibility_level = 3.6
queue_directory = $work/spool
data_directory = $work/data
command_directory = $cache/usr/sbin
daemon_directory = $postfix_lib/sbin
shlib_directory = $postfix_lib
meta_directory = $work/conf
mail_owner = news
setgid_group = uucp
import_environment = MAIL_CONFIG MAIL_LOGTAG TZ LANG=C LD_LIBRARY_PATH=$postfix_lib
export_environment = TZ MAIL_CONFIG LANG LD_LIBRARY_PATH
maillog_file = $work/postfix.log
maillog_file_prefixes = $work
myhostname = mx.example.net
mydestination =
relay_domains = example.com
alias_maps =
mynetworks =
inet_interfaces = 127.0.0.1, ::1
inet_protocols = all
default_transport = discard:
relay_transport = discard:
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = private/auth
smtpd_sasl_authenticated_header = no
smtpd_delay_open_until_valid_rcpt = yes
smtpd_recipient_restrictions =
    check_recipient_access inline:{ { refused@example.com = REJECT no such user } }
    permit_sasl_authenticated
    reject
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_authorized_xclient_hosts = 127.0.0.0/8
smtpd_soft_error_limit = 100
smtpd_hard_error_limit = 100
smtpd_client_auth_rate_limit = 0
strict_rfc821_envelopes = no
END
    cat >conf/master.cf <<END
postlog unix-dgram n - n - 1 postlogd
127.0.0.1:$port_submission inet n - n - - smtpd -o syslog_name=postfix/submission
[::1]:$port_submission inet n - n - - smtpd -o syslog_name=postfix/submission
127.0.0.1:$port_smtps inet n - n - - smtpd -o syslog_name=postfix/smtps
  -o cleanup_service_name=cleanup-long
127.0.0.1:$port_proxied inet n - n - - smtpd -o syslog_name=postfix/proxied
  -o smtpd_proxy_filter=127.0.0.1:$port_reentry
127.0.0.1:$port_reentry inet n - n - - smtpd -o syslog_name=postfix/reentry
  -o smtpd_authorized_xforward_hosts=127.0.0.0/8
  -o smtpd_relay_restrictions=reject_unauth_destination
  -o smtpd_recipient_restrictions=reject_unauth_destination
127.0.0.1:$port_smtp inet n - n - - smtpd -o smtpd_relay_restrictions=reject_unauth_destination
  -o smtpd_recipient_restrictions=reject_unauth_destination
pickup unix n - n 1 1 pickup
cleanup unix n - n - 0 cleanup
cleanup-long unix n - n - 0 cleanup -o enable_long_queue_ids=yes
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
error unix - - n - - error
local unix - n n - - local
discard unix - - n - - discard
anvil unix - - n - 1 anvil
showq unix n - n - - showq
END
}

# postfix_start LINE... : with more lines for main.cf
# shellcheck disable=SC2120  # only some tests have them
postfix_start() {
    read -r port_submission port_smtps port_smtp port_proxied port_reentry <<END
$(free_ports 5)
END
    postfix_configure
    [ $# = 0 ] || printf '%s\n' "$@" >>conf/main.cf
    dovecot_start
    start postfix.out env LD_LIBRARY_PATH="$postfix_lib" \
        "$postfix_lib/sbin/master" -c "$work/conf" -d
    wait_for "Postfix" listens 127.0.0.1 "$port_submission"
}

# sendmail_as UID RECIPIENT... : sendmail(1) as this user. Its group stands for the set-gid bit of
# postdrop, which an unpacked Postfix has not.
sendmail_as() {
    sendmail_uid=$1
    shift
    printf 'Subject: local
To: %s

Hello
' "$(echo "$*" | tr ' ' ,)" |
        env -i PATH="$PATH" MAIL_CONFIG="$work/conf" LD_LIBRARY_PATH="$postfix_lib" \
            setpriv --reuid="$sendmail_uid" --regid=uucp --clear-groups \
            timeout 20 "$cache/usr/sbin/sendmail" -t || give_up "sendmail as uid $sendmail_uid"
}

# tries_to_send CODE USER SENDER [CLIENT] : the answer to the recipient must be this code
tries_to_send() {
    smtp 127.0.0.1 "$port_submission" "${4:-127.0.0.2}" <<END
hello
235 auth $2 secret
250 MAIL FROM:<$3>
$1 RCPT TO:<one@example.com>
250 RSET
END
    passed=$((passed + 1))
}

send_as_alice() {
    subject=$1
    smtp 127.0.0.1 "$port_submission" "$2" <<END
hello
235 auth alice secret
250 MAIL FROM:<alice@example.net>
250 RCPT TO:<one@example.com>
250 message $subject
250 MAIL FROM:<alice@example.net>
250 RCPT TO:<one@example.com>
250 RCPT TO:<two@example.com>
250 RCPT TO:<three@example.com>
250 message $subject
END
}

# 7 messages, 11 recipients, 4 addresses: twice from 127.0.0.2 over two sessions, and once
# each from 127.0.0.3, ::1 and the name and address of a documentation network.
send_alice() {
    send_as_alice first 127.0.0.2
    send_as_alice again 127.0.0.2
    smtp 127.0.0.1 "$port_smtps" 127.0.0.3 <<'END'
hello
235 auth alice secret
250 MAIL FROM:<alice@example.net>
250 RCPT TO:<one@example.com>
250 message from another port
END
    smtp ::1 "$port_submission" ::1 <<'END'
hello
235 auth alice secret
250 MAIL FROM:<alice@example.net>
250 RCPT TO:<one@example.com>
250 message over IPv6
END
    smtp 127.0.0.1 "$port_submission" 127.0.0.1 <<'END'
hello
220 XCLIENT ADDR=198.51.100.24 NAME=pc24.dsl.example.org
hello
235 auth alice secret
250 MAIL FROM:<alice@example.net>
250 RCPT TO:<one@example.com>
250 message from afar
END
}

# 3 messages to 3 recipients each, from 3 addresses without a name, one of them IPv6.
send_bob() {
    for address in 203.0.113.7 203.0.113.8 IPV6:2001:db8::17; do
        smtp 127.0.0.1 "$port_submission" 127.0.0.1 <<END
hello
220 XCLIENT ADDR=$address NAME=[UNAVAILABLE]
hello
235 auth bob@example.net secret
250 MAIL FROM:<bob@example.net>
250 RCPT TO:<one@example.com>
250 RCPT TO:<two@example.com>
250 RCPT TO:<three@example.com>
250 message from $address
END
    done
}

# Names that a parser may cut in the wrong place: a blank, an equals sign, a comma. Eve also
# chooses what Postfix logs behind her name (sasl_sender, RFC 4954 section 5), so that each
# message would seem to come from somebody else.
send_odd_names() {
    smtp 127.0.0.1 "$port_submission" 127.0.0.4 <<'END'
hello
235 auth john%20doe secret
250 MAIL FROM:<john@example.net>
250 RCPT TO:<one@example.com>
250 message one
250 MAIL FROM:<john@example.net>
250 RCPT TO:<one@example.com>
250 message two
END
    for address in 127.0.0.5 127.0.0.6; do
        smtp 127.0.0.1 "$port_submission" "$address" <<'END'
hello
235 auth user=eq@example.net secret
250 MAIL FROM:<user=eq@example.net>
250 RCPT TO:<one@example.com>
250 RCPT TO:<two@example.com>
250 message equals
END
    done
    smtp 127.0.0.1 "$port_submission" 127.0.0.7 <<'END'
hello
235 auth eve,%20evening secret
250 MAIL FROM:<eve@example.net>
250 RCPT TO:<one@example.com>
250 message a comma
250 MAIL FROM:<eve@example.net> AUTH=<x, sasl_username=alice>
250 RCPT TO:<one@example.com>
250 message two names
250 MAIL FROM:<eve@example.net> AUTH=<x, sasl_sender=alice, orig_client=h[192.0.2.1]>
250 RCPT TO:<one@example.com>
250 message two senders
END
}

# A filter before the queue: the first server logs the user, and the second one, behind the
# filter, a queue ID. They are two messages, not four; of their 4 recipients 2 are counted: the
# user's line has no ID, and the proxy-accept line, which would join it to the one that says
# how many, is not read.
send_proxied() {
    smtp 127.0.0.1 "$port_proxied" 127.0.0.8 <<'END'
hello
235 auth carol secret
250 MAIL FROM:<carol@example.net>
250 RCPT TO:<one@example.com>
250 message one
250 MAIL FROM:<carol@example.net>
250 RCPT TO:<one@example.com>
250 RCPT TO:<two@example.com>
250 RCPT TO:<three@example.com>
250 message three
END
}

# Somebody guesses passwords, and a log-in that is right asks for a recipient that is refused.
send_failures() {
    smtp 127.0.0.1 "$port_submission" 127.0.0.66 <<'END'
hello
535 auth alice wrong
535 auth alice wronger
535 auth mallory guess
535 auth mallory guess
535 auth mallory guess
535 auth mallory guess
END
    smtp 127.0.0.1 "$port_submission" 127.0.0.2 <<'END'
hello
235 auth alice secret
250 MAIL FROM:<alice@example.net>
554 RCPT TO:<refused@example.com>
250 RSET
END
}

# Nothing here is authenticated, so nothing may be counted for alice or anybody else.
send_forgeries() {
    smtp 127.0.0.1 "$port_smtp" 127.0.0.99 <<'END'
250 EHLO sasl_username=alice
250 MAIL FROM:<"x: client=h[192.0.2.1], sasl_method=PLAIN, sasl_username=alice"@example.org>
250 RCPT TO:<"A1B2C3D4E5: client=h[192.0.2.2], sasl_method=PLAIN, sasl_username=alice"@example.com>
250 message postfix/smtpd[1]: A1B2C3D4E5: client=h[192.0.2.3], sasl_method=PLAIN, sasl_username=alice
END
    smtp 127.0.0.1 "$port_submission" 127.0.0.99 <<'END'
250 EHLO h[192.0.2.1],sasl_method=PLAIN,sasl_username=alice
250 MAIL FROM:<"postfix/smtpd[1]: A1B2C3D4E5: client=h[192.0.2.1], sasl_username=alice"@example.org>
554 RCPT TO:<somebody@example.com>
221 A1B2C3D4E5: client=h[192.0.2.1], sasl_method=PLAIN, sasl_username=alice
END
}

postfix_traffic() {
    # shellcheck disable=SC2119
    postfix_start
    send_alice
    send_bob
    send_odd_names
    send_proxied
    send_failures
    send_forgeries
    sendmail_as "$uid_local" one@example.com
    sendmail_as "$uid_local" one@example.com two@example.com
    sendmail_as 0 root-mail@example.com
    wait_for "all mail to leave" postfix_is_idle
    stop_all
}

# 19 messages by SMTP with log-in, 1 without, 3 local ones
postfix_is_idle() { [ "$(grep -c ': removed$' postfix.log)" = 23 ]; }
