#!/bin/sh
# phpsendmail_test.sh SPAMGEAR - our own wrappers of sendmail, called by a real PHP with the prepend
# file that is shipped, logging to a real rsyslogd; then the PHP checkers read what was logged.
# shellcheck disable=SC2154,SC2317  # set, or called, by what is sourced
. "$(dirname "$0")/lib.sh"
. "$servers_dir/rsyslog.sh"
top=$(cd "$servers_dir/../.." && pwd)

# What sendmail is given: its words, then the message.
write_files() {
    mkdir -p 'www/a, b' relay/ivan
    cat >sendmail <<END
#!/bin/sh
for word; do printf '(%s)' "\$word"; done >>"$work/words"
echo >>"$work/words"
cat >>"$work/mails"
END
    chmod 755 sendmail
    printf '[sendmail]\nprogram = %s/sendmail\nlog-socket = %s/log.sock\n' "$work" "$work" >conf
    ln -s "$spamgear" phpsendmail
    ln -s "$spamgear" sendmail2relay
    # shellcheck disable=SC2016  # PHP's variables
    echo '<?php for ($i = 0; $i < 3; $i++) mail("one@example.com", "hello", "text");' |
        tee 'www/a, b/send "it".php' >www/victim.php
    echo '<?php mail("one@example.com", "hello", "text", "", "-f x@example.net");' >www/once.php
    cp www/once.php relay/ivan/a.php
}

# A request as a web server makes it; PHP's prepend file hands it on.
php() { # WRAPPER SCRIPT URL CLIENT
    env SPAMGEAR_CONFIG="$work/conf" HTTP_HOST=shop.example REQUEST_URI="$3" REMOTE_ADDR="$4" \
        timeout 60 "$cache/usr/bin/php8.2" -n -d variables_order=EGPCS \
        -d auto_prepend_file="$top/packaging/php/spamgear-prepend.php" \
        -d sendmail_path="$work/$1" "$2" || give_up "php $2"
}

write_files
rsyslog_start ''
php 'phpsendmail -t -i' "$work/www/a, b/send \"it\".php" /send 198.51.100.7
php phpsendmail "$work/www/once.php" /once 2001:db8::7
# Whoever asks chooses the URL, and a script the words.
php phpsendmail "$work/www/once.php" "/?x, client=1.2.3.4, filename=/srv/no.php, uid=0, user=root, args=-t" \
    203.0.113.9
php phpsendmail "$work/www/once.php" "/$(printf 'a\nNov 22 00:00:00 h root: sendmail-php url=x')" 203.0.113.9
# Values that grow when they are escaped leave room for the fields behind them in rsyslog's 8 kB.
bad=$(awk 'BEGIN { for (i = 0; i < 3000; i++) printf "\001" }')
long=$(awk 'BEGIN { printf "/"; for (i = 0; i < 1023; i++) printf "\\x01"; print "..." }')
HTTP_HOST=$bad REQUEST_URI=$bad REMOTE_ADDR=$bad SCRIPT_FILENAME=/$bad \
    SPAMGEAR_CONFIG=$work/conf ./phpsendmail -t "-f$bad" </dev/null
for _ in 1 2; do
    (cd relay/ivan && env SPAMGEAR_CONFIG="$work/conf" ../../sendmail2relay -t <"$work/conf")
    SCRIPT_FILENAME="$work/relay/ivan/a.php" SPAMGEAR_CONFIG="$work/conf" \
        ./sendmail2relay 'bob;touch x@example.org' <conf
done
rsyslog_stop

user=$(id -un)
for shape in traditional rfc3339 rfc5424; do
    check "phpsendmail, $shape" "script|$long|1|1|0|0
script|$work/www/a\\x2c b/send \\x22it\\x22.php|3|3|0|0
script|$work/www/once.php|3|3|0|0
summary|3|0|0|0" php-legacy-spam-check -l $shape.log -m 1
    same "phpsendmail, paths, $shape" "$work/www/a, b/send \"it\".php
$work/www/once.php" "$("$spamgear" php-legacy-spam-check 10 3 -l $shape.log)"
    check "sendmail2relay, $shape" "local|$user|4|4|0|0
summary|1|0|0|0" sendmail2relay-spam-check -l $shape.log -m 1
done
same "paths of sendmail2relay" "$work/relay/ivan/a.php" \
    "$("$spamgear" php-sendmail2relay-spam-check 10 2 -l traditional.log | sort -u)"
same "lines that were forged" 0 "$(grep -c '^[^ ]* [^ ]* [^ ]* [^ ]* root: ' traditional.log)"
same "words" "2 (-t)
1 (-t)(-f$bad)
3 (-t)(-i)
3 (-t)(-i)(-f)(x@example.net)
2 (bob;touch x@example.org)" "$(sort words | uniq -c | sed 's/^ *//')"
same "mails" 6 "$(grep -c '^Subject: hello' mails)"

# The mail goes out all the same: no daemon, none that listens, a config that is no config.
for trouble in 's|/log.sock|/none.sock|' 's|log-socket.*|log-socket = /dev/null|' 's|^log-sock.*|x x x|'; do
    sed "$trouble" conf >odd
    : >mails
    echo "Subject: odd" | SPAMGEAR_CONFIG=$work/odd ./phpsendmail -t 2>said
    same "mail in spite of $trouble" "0 1" "$? $(grep -c odd mails)"
done
# A daemon that listens and never reads is not waited for.
cat >deaf.pl <<'END'
use Socket;
my ($path, $type) = @ARGV;
my ($kind, $deaf, @full) = ($type eq "dgram" ? SOCK_DGRAM : SOCK_STREAM);
socket($deaf, AF_UNIX, $kind, 0) && bind($deaf, sockaddr_un($path)) or die $!;
$type eq "dgram" or listen($deaf, 0);
for (1 .. 5000) {
    socket(my $peer, AF_UNIX, $kind, 0) or die $!;
    fcntl($peer, 4, 2048); # F_SETFL, O_NONBLOCK
    connect($peer, sockaddr_un($path)) && ($type ne "dgram" || send($peer, "x" x 100, 0)) or last;
    push @full, $peer;
}
rename $path, "$path.full";
sleep 600;
END
for type in dgram stream; do
    start "deaf-$type" perl deaf.pl "deaf-$type.sock" $type
    wait_for "a $type socket that is full" test -S "deaf-$type.sock.full"
    sed "s|/log.sock|/deaf-$type.sock.full|" conf >odd
    : >mails
    echo "Subject: odd" | SPAMGEAR_CONFIG=$work/odd timeout 20 ./phpsendmail -t 2>said
    same "mail in spite of a deaf daemon, $type" "0 1 unavailable" \
        "$? $(grep -c odd mails) $(sed 's/.* //' said)"
done
# A script in place of sendmail that calls us again is found out.
printf '#!/bin/sh\nexec "%s/phpsendmail" "$@"\n' "$work" >again
chmod 755 again
sed "s|^program.*|program = $work/again|" conf >odd
SPAMGEAR_CONFIG=$work/odd timeout 20 ./phpsendmail -t <conf 2>said
same "a circle" "69 1" "$? $(grep -c 'calls us again' said)"
# Nobody but the owner of spamgear chooses the program by the environment.
cp "$spamgear" gear && chmod 755 gear sendmail
mkdir -m 777 public
printf '#!/bin/sh\necho "$0" >"%s/public/ran"\n' "$work" >evil
chmod 755 evil
printf '[sendmail]\nprogram = %s/evil\nlog-socket = %s/none.sock\n' "$work" "$work" >odd
chmod 644 odd
SPAMGEAR_CONFIG=$work/odd ./gear phpsendmail -t <conf 2>said
same "the owner's config" yes "$([ -e public/ran ] && echo yes)"
rm -f public/ran
echo x | SPAMGEAR_CONFIG=$work/odd setpriv --reuid=news --regid=news --clear-groups \
    ./gear phpsendmail -bV nobody@example.com >said 2>&1
same "a stranger's config" no "$([ -e public/ran ] && echo yes || echo no)"
# Installed in place of sendmail it does not call itself for ever.
sed "s|^program.*|program = $work/phpsendmail|" conf >odd
if [ ! -e /usr/sbin/sendmail ] && [ ! -e /usr/lib/sendmail ]; then
    SPAMGEAR_CONFIG=$work/odd timeout 20 ./phpsendmail -t <conf 2>said
    same "its own sendmail" 69 $?
fi
report
