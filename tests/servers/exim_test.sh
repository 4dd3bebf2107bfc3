#!/bin/sh
# exim_test.sh SPAMGEAR - Exim: what was sent is what is counted, under several log settings.
# shellcheck disable=SC2154,SC2317  # set, or called, by what is sourced
. "$(dirname "$0")/lib.sh"
. "$servers_dir/exim.sh"

configure() { # LOG-OPTIONS
    exim_configure "smtp_accept_max_per_connection = 100
acl_smtp_rcpt = acl_rcpt
helo_allow_chars = _=
helo_accept_junk_hosts = 127.0.0.41 : 127.0.0.67
$1" <<'END'
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
END
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
exim_is_idle() { [ "$(grep -c ' Completed' exim/log/mainlog)" = 15 ]; }

traffic() { # LOG-OPTIONS
    port=$(free_ports 1)
    configure "$1"
    exim_start "$port"
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

cpanel='log_selector = +arguments +subject +received_recipients +incoming_port +incoming_interface'
for options in '' "$cpanel" 'log_selector = +all' 'log_selector = +millisec +pid
log_timezone = true'; do
    traffic "$options"
    check "Exim with ${options:-its default log}" "$sent" exim-spam-check -l exim/log/mainlog -m 1
done
report
