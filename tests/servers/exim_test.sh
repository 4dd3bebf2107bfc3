#!/bin/sh
# exim_test.sh SPAMGEAR - Exim: what was sent is what is counted, under several log settings.
# shellcheck disable=SC2154,SC2317  # set, or called, by what is sourced
. "$(dirname "$0")/lib.sh"

# Exim insists on its own user, which the machine need not have.
accounts() {
    sed '/^Debian-exim:/d' /etc/passwd >passwd
    sed '/^Debian-exim:/d' /etc/group >group
    echo "Debian-exim:x:9:9::$work/spool:/usr/sbin/nologin" >>passwd
    echo 'Debian-exim:x:9:' >>group
}

# exim ARGUMENT... : Exim as it would run on a machine of its own
exim() {
    timeout 60 env LD_PRELOAD=libnss_wrapper.so NSS_WRAPPER_PASSWD="$work/passwd" \
        NSS_WRAPPER_GROUP="$work/group" "$cache/usr/sbin/exim4" -C "$work/exim.conf" "$@"
}

# exim_configure LOG-OPTIONS : a fresh configuration, spool and log
exim_configure() {
    rm -rf spool log
    mkdir spool log
    chown 9:9 spool log
    cat >exim.conf <<END
exim_path = $cache/usr/sbin/exim4
keep_environment = LD_PRELOAD : NSS_WRAPPER_PASSWD : NSS_WRAPPER_GROUP
spool_directory = $work/spool
log_file_path = $work/log/%slog
pid_file_path = $work/exim.pid
primary_hostname = mx.example.net
local_interfaces = <; 127.0.0.1 ; ::1
daemon_smtp_ports = $port
tls_advertise_hosts =
hosts_treat_as_local =
host_lookup =
rfc1413_query_timeout = 0s
smtp_accept_max_per_connection = 100
acl_smtp_rcpt = acl_rcpt
helo_allow_chars = _=
helo_accept_junk_hosts = 127.0.0.41 : 127.0.0.67
$1
begin acl
acl_rcpt:
  deny local_parts = refused
       message = no such user
  accept authenticated = *
  accept hosts = <; 127.0.0.40 ; 127.0.0.41 ; 2001:db8::5 ; 198.51.100.9
  deny message = relay not permitted
begin routers
fails:
  driver = redirect
  domains = fails.example
  allow_fail
  data = :fail: mailbox is gone
discard:
  driver = redirect
  data = :blackhole:
begin authenticators
plain_server:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = \${if eq{\$auth3}{secret}}
  server_set_id = \$auth2
END
}

exim_start() {
    start exim.out env LD_PRELOAD=libnss_wrapper.so NSS_WRAPPER_PASSWD="$work/passwd" \
        NSS_WRAPPER_GROUP="$work/group" "$cache/usr/sbin/exim4" -C "$work/exim.conf" -bdf
    wait_for "Exim" listens 127.0.0.1 "$port"
}

# alice: 5 messages, 9 recipients, 3 addresses; 2 log-ins in her name fail.
send_alice() {
    for address in 127.0.0.2 127.0.0.3; do
        smtp 127.0.0.1 "$port" $address <<'END'
hello
235 auth alice secret
250 MAIL FROM:<alice@example.net>
250 RCPT TO:<one@example.com>
250 message one
250 MAIL FROM:<alice@example.net>
250 RCPT TO:<one@example.com>
250 RCPT TO:<two@example.com>
250 RCPT TO:<three@example.com>
250 message three
END
    done
    smtp ::1 "$port" ::1 <<'END'
hello
235 auth alice secret
250 MAIL FROM:<alice@example.net>
250 RCPT TO:<one@example.com>
250 message over IPv6
END
    smtp 127.0.0.1 "$port" 127.0.0.66 <<'END'
hello
535 auth alice wrong
535 auth alice wronger
535 auth mallory guess
END
}

# Names with a blank, an equals sign and a domain; a HELO and a subject that imitate.
send_others() {
    smtp 127.0.0.1 "$port" 127.0.0.4 <<'END'
250 EHLO [192.0.2.1]
235 auth john%20doe secret
250 MAIL FROM:<john@example.net>
250 RCPT TO:<one@example.com>
250 message A=plain_server:alice S=1
END
    smtp 127.0.0.1 "$port" 127.0.0.5 <<'END'
250 EHLO A=plain_server_alice
235 auth bob@example.net secret
250 MAIL FROM:<" A=plain_server:alice "@example.net>
250 RCPT TO:<one@example.com>
250 RCPT TO:<two@example.com>
250 message " from <x@example.net> for a b c" P=esmtpa A=plain_server:alice
END
    smtp 127.0.0.1 "$port" 127.0.0.6 <<'END'
hello
235 auth user=eq@example.net secret
250 MAIL FROM:<eq@example.net>
550 RCPT TO:<refused@example.com>
250 RCPT TO:<one@example.com>
250 message equals
END
}

# Hosts that may send without a name, and one that is refused.
send_hosts() {
    smtp 127.0.0.1 "$port" 127.0.0.40 <<'END'
hello
250 MAIL FROM:<x@example.org>
250 RCPT TO:<one@example.com>
250 message A=plain_server:alice
END
    smtp 127.0.0.1 "$port" 127.0.0.41 <<'END'
250 EHLO (x) [192.0.2.1] P=esmtpa A=plain_server:alice S=1
250 MAIL FROM:<x@example.org>
250 RCPT TO:<one@example.com>
250 message " S=1 A=plain_server:alice
END
    smtp 127.0.0.1 "$port" 127.0.0.67 <<'END'
250 EHLO x) [192.0.2.1] P=esmtpa A=plain_server:alice (
250 MAIL FROM:<"x P=esmtpa A=plain_server:alice"@example.org>
550 RCPT TO:<one@example.com>
END
    # From afar, with an ident server that claims to be root.
    printf 'EHLO pc.example.org\r\nMAIL FROM:<x@example.org>\r\nRCPT TO:<one@example.com>\r\nRCPT TO:<two@example.com>\r\nDATA\r\nSubject: ident\r\n\r\nHello\r\n.\r\nQUIT\r\n' |
        exim -bs -oMa 2001:db8::5.33333 -oMt root >afar.out || give_up "exim -bs"
}

# Local users by sendmail -t; one message comes back as a bounce, which counts for nobody.
send_local() {
    printf 'Subject: local\nTo: one@example.com, two@example.com\n\nHello\n' |
        exim -oMt www-data -t || give_up "exim -t"
    printf 'Subject: local\nTo: gone@fails.example\n\nHello\n' |
        exim -oMt www-data -t || give_up "exim -t"
    printf 'Subject: local\nTo: one@example.com\n\nHello\n' | exim -t || give_up "exim -t"
}

# 5 of alice, 3 of others, 3 of hosts, 3 local ones, 1 bounce
exim_is_idle() { [ "$(grep -c ' Completed' log/mainlog)" = 15 ]; }

traffic() { # LOG-OPTIONS
    port=$(free_ports 1)
    exim_configure "$1"
    exim_start
    send_alice
    send_others
    send_hosts
    send_local
    wait_for "all mail to leave" exim_is_idle
    stop_all
}

# Without +received_recipients a line does not tell how many recipients there are; the
# deliveries do, joined by the message's ID.
sent='sasl|alice|5|9|3|2
sasl|john doe|1|1|1|0
sasl|bob@example.net|1|2|1|0
sasl|user=eq@example.net|1|1|1|1
host|127.0.0.40|1|1|1|0
host|127.0.0.41|1|1|1|0
host|2001:db8::5|1|2|1|0
local|www-data|2|3|0|0
local|root|1|1|0|0
summary|9|4|0|0'

accounts
cpanel='log_selector = +arguments +subject +received_recipients +incoming_port +incoming_interface'
for options in '' "$cpanel" 'log_selector = +all' 'log_selector = +millisec +pid
log_timezone = true'; do
    traffic "$options"
    check "Exim with ${options:-its default log}" "$sent" exim-spam-check -l log/mainlog -m 1
done
report
