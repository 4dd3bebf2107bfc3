#!/bin/sh
# wrapper_test.sh SPAMGEAR - scripts that PHP sends through the wrappers of sendmail.
#
# PHP runs a wrapper as sendmail_path, the wrapper calls logger(1), and a real rsyslogd
# writes what logger says: the way that php-legacy-spam-check and its kin were made for.
# shellcheck disable=SC2154,SC2317  # set, or called, by what is sourced
. "$(dirname "$0")/lib.sh"
. "$servers_dir/rsyslog.sh"

# Environment of a request, as a web server gives it to PHP.
request() { # SCRIPT URL CLIENT
    REQUEST_URL=$2 REQUEST_CLIENT=$3 REQUEST_SCRIPT=$work/$1 timeout 60 \
        "$cache/usr/bin/php8.2" -n -d sendmail_path="$work/wrapper -t -i" "$1" || give_up "php $1"
}

write_files() {
    mkdir -p 'www/my shop' relay/ivan
    cat >wrapper <<END
#!/bin/sh
logger -u "$work/log.sock" -t root "sendmail-php url=\$REQUEST_URL, client=\$REQUEST_CLIENT,\
 filename=\$REQUEST_SCRIPT, uid=\$(id -u), user=\$(id -un), args=\$*"
cat >/dev/null
END
    chmod +x wrapper
    # shellcheck disable=SC2016  # PHP's variables
    echo '<?php for ($i = 0; $i < 3; $i++) mail("one@example.com", "hello", "text");' |
        tee 'www/my shop/send mail.php' >www/victim.php
    echo '<?php mail("one@example.com", "hello", "text", "", "-f x@example.net");' >www/once.php
    touch relay/ivan/a.php relay/ivan/b.php relay/ivan/readme.txt relay/one.php
}

send() {
    request 'www/my shop/send mail.php' shop.example/send 198.51.100.7
    request www/once.php shop.example/once 2001:db8::7
    # Who asks chooses the URL.
    request www/once.php \
        "shop.example/?x=, client=1.2.3.4, filename=/srv/no.php, uid=0, user=root, args=-t" 203.0.113.9
    for _ in 1 2; do
        logger -u log.sock -t root "sendmail2relay user=\"ivan\" path=\"$work/relay/ivan/\""
        logger -u log.sock -t root "sendmail2relay user=\"eva\" path=\"$work/relay/one.php\""
    done
    # Not the wrapper's line, for it has no url; it counts for nobody.
    logger -u log.sock -t cron "sendmail-php filename=$work/www/victim.php, uid=0, user=root, args="
}

legacy="script|$work/www/my shop/send mail.php|3|3|0|0
script|$work/www/once.php|2|2|0|0
summary|2|0|1|0"

write_files
rsyslog_start ''
send
rsyslog_stop
for shape in traditional rfc3339 rfc5424; do
    check "wrapper, $shape" "$legacy" php-legacy-spam-check -l $shape.log -m 1
    same "wrapper, paths, $shape" "$work/www/my shop/send mail.php" \
        "$("$spamgear" php-legacy-spam-check 10 3 -l $shape.log)"
    same "relay, paths, $shape" "$work/relay/ivan/a.php
$work/relay/ivan/b.php
$work/relay/one.php" "$("$spamgear" php-sendmail2relay-spam-check 10 2 -l $shape.log | sort)"
done
# A tenant's file whose name would be a path of somebody else's to who reads lines.
touch "$(printf 'relay/ivan/x\n.php')"
"$spamgear" php-sendmail2relay-spam-check 10 2 -l traditional.log >lines 2>said
same "a newline in a name" "2 3 3" "$? $(wc -l <lines) $(grep -c '^/.*[a-z].php$' lines)"
"$spamgear" php-sendmail2relay-spam-check 10 2 -0 -l traditional.log >paths
same "a newline in a name, -0" "0 4" "$? $(tr -cd '\0' <paths | wc -c)"
same "relay, text" 2 "$("$spamgear" sendmail2relay-spam-check -m 2 -l traditional.log |
    grep -c '^2 -- .*path=')"
report
