#!/bin/sh
# hardening_test.sh SPAMGEAR - the snippets of packaging/, given to the programs they are for:
# fail2ban's own matcher and configuration check, and PHP.
# shellcheck disable=SC2154,SC2317  # set, or called, by what is sourced
. "$(dirname "$0")/lib.sh"
top=$(cd "$servers_dir/../.." && pwd)

fail2ban() { # PROGRAM ARGUMENT...
    program=$1
    shift
    PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$cache/usr/lib/python3/dist-packages \
        timeout 60 /usr/bin/python3 "$cache/usr/bin/fail2ban-$program" -c "$work/fail2ban" "$@"
}

# matched LOG FILTER : the hosts of the lines that match
matched() { fail2ban regex -o id --timezone UTC "$1" "$2" | sort; }

cp -R "$cache/etc/fail2ban" fail2ban
cp "$top"/packaging/fail2ban/filter.d/* fail2ban/filter.d/
rm -rf fail2ban/jail.d # Debian's own jail there wants a log of sshd
mkdir fail2ban/jail.d
cp "$top/packaging/fail2ban/jail.d/spamgear.conf" fail2ban/jail.d/

cat >access.log <<'END'
192.0.2.1 - - [22/Nov/2026:05:00:00 +0000] "POST /wp-login.php HTTP/1.1" 200 5 "-" "Mozilla"
192.0.2.2 - bob [22/Nov/2026:05:00:01 +0000] "POST /shop/login.php?x=1 HTTP/2.0" 403 5
2001:db8::7 - - [22/Nov/2026:05:00:02 +0000] "POST /blog/user/login HTTP/1.1" 401 0 "-" "x"
192.0.2.8 - - [22/Nov/2026:05:00:03 +0000] "GET /wp-login.php HTTP/1.1" 200 5 "-" "Mozilla"
192.0.2.9 - - [22/Nov/2026:05:00:04 +0000] "POST /wp-login.php HTTP/1.1" 302 5 "-" "good log-in"
192.0.2.9 - - [22/Nov/2026:05:00:05 +0000] "POST /order HTTP/1.1" 200 5 "http://x/wp-login.php" "x"
192.0.2.9 - - [22/Nov/2026:05:00:06 +0000] "GET / HTTP/1.1" 200 5 "-" "192.0.2.66 - - [] \"POST /login HTTP/1.1\" 200 "
END
same "log-ins" "192.0.2.1
192.0.2.2
2001:db8::7" "$(matched access.log spamgear-login)"

cat >mail.log <<'END'
2026-11-22T05:00:00+00:00 mx postfix/smtpd[4711]: 4F00001: client=h1.example[192.0.2.1], sasl_method=PLAIN, sasl_username=bob@example.org
2026-11-22T05:00:01+00:00 mx postfix/smtpd[4711]: 4F00002: client=h1.example[192.0.2.1], sasl_method=PLAIN, sasl_username=bob@example.org
2026-11-22T05:00:02+00:00 mx postfix/smtpd[4711]: 4F00003: client=h[192.0.2.3], sasl_method=PLAIN, sasl_username=eva","over":true,"evidence":[{"file":"","offset":1,"line":" client=x[192.0.2.77]
END
cat >exim.log <<'END'
2026-11-22 05:00:00 1vMf00-000001-01 <= a@example.org H=h (x) [198.51.100.5] P=smtp S=500
2026-11-22 05:00:01 1vMf01-000001-01 <= a@example.org H=h (x) [198.51.100.5] P=smtp S=500
2026-11-22 05:00:01 1vMf02-000001-01 <= a@example.org H=h (x) [2001:db8::9] P=smtp S=500
END
report_of() { "$spamgear" "$1" --now 2026-11-22T05:30:00Z -m 2 --all --format json -l "$2"; }
report_of postfix-spam-check mail.log >postfix.json
report_of exim-spam-check exim.log >exim.json
same "sasl senders over their limit" 192.0.2.1 "$(matched postfix.json spamgear-report)"
same "hosts over their limit" 198.51.100.5 "$(matched exim.json spamgear-report)"
sed -i "s|^logpath.*|logpath = $work/access.log|; s|^ *\(/home\)|# \1|; s|^enabled.*|enabled = true|" \
    fail2ban/jail.d/spamgear.conf
fail2ban client -t >said 2>&1
same "jails" "0 1" "$? $(grep -c 'OK: configuration test is successful' said)"

php() { "$cache/usr/bin/php8.2" -n -c "$top/packaging/php/hardening.ini" "$@"; }
# shellcheck disable=SC2016  # PHP's
php -r 'echo ini_get("mail.log"), " ", ini_get("allow_url_include") ? "on" : "off", " ";
    $left = array_filter(explode(",", ini_get("disable_functions")), "function_exists");
    echo implode(",", $left), "\n";' >said 2>&1
same "php.ini" "/var/log/phpmail.log off " "$(cat said)"
report
