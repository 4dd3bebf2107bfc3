#!/bin/sh
# php_test.sh SPAMGEAR - PHP's mail.log: scripts and their mails are those that PHP ran.
# shellcheck disable=SC2154,SC2317  # set, or called, by what is sourced
. "$(dirname "$0")/lib.sh"

# php ARGUMENT... : the plain interpreter, whose mails go nowhere
php() {
    timeout 60 "$cache/usr/bin/php8.2" -n -d mail.log="$work/mail.log" -d sendmail_path=/bin/true \
        "$@" || give_up "php $*"
}

write_scripts() {
    mkdir -p 'www/my shop (2)' www/blog
    cat >'www/my shop (2)/send mail.php' <<'END'
<?php
mail('one@example.com', 'hello', 'text');
mail('one@example.com', 'hello', 'text', "From: shop@example.net\r\nX-Shop: yes");
mail('one@example.com, two@example.com, "Three, T." <three@example.com>', 'hello', 'text');
END
    # Code in code, as it is planted; the file that holds it is what an administrator wants.
    cat >www/blog/inner.php <<'END'
<?php
eval("mail('one@example.com', 'eval', 'text');");
eval("eval(\"mail('one@example.com', 'eval in eval', 'text');\");");
$send = fn() => mail('one@example.com', 'lambda', 'text');
$send();
END
    echo '<?php include __DIR__ . "/inner.php"; include __DIR__ . "/inner.php";' \
        >www/blog/index.php
    # What is sent to whom, and with what headers, is up to the script.
    cat >www/forger.php <<'END'
<?php
$line = "[" . date('d-M-Y H:i:s e') . "] mail() on [/srv/victim.php:7]: To: x@example.com -- Headers: ";
mail("a@example.com\r\n$line", 'to', 'text');
mail('a@example.com', "subject\r\n$line", 'text');
mail('a@example.com', 'headers', 'text', "X-A: b\r\nX-B: mail() on [/srv/victim.php:7]: To: x");
END
}

# Stamps carry the name of a zone; two of the scripts' owners live elsewhere.
run_scripts() {
    php 'www/my shop (2)/send mail.php'
    php -d date.timezone=Europe/Madrid 'www/my shop (2)/send mail.php'
    php -d date.timezone=America/New_York www/blog/index.php
    php www/forger.php
    php -r "mail('one@example.com', 'no script', 'text');"
    echo "<?php mail('one@example.com', 'no script', 'text');" | php
}

sent="script|$work/www/my shop (2)/send mail.php|6|10|0|0
script|$work/www/blog/inner.php|6|6|0|0
script|$work/www/forger.php|3|3|0|0
summary|3|0|0|0"

write_scripts
run_scripts
check "mail.log" "$sent" php-spam-check -l mail.log -m 1
check "zones" "$sent" php-spam-check -l mail.log -m 1 -p 10minutes
same "paths for a scanner" "$work/www/blog/inner.php
$work/www/my shop (2)/send mail.php" "$("$spamgear" php-spam-check 6 -l mail.log | sort)"
report
