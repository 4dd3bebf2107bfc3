/* PHP's mail.log and the two sendmail wrappers; and the table of formats itself. */
#include "format_rows.h"

#define D  "[21-Nov-2026 18:39:58 UTC] "
#define TO "]: To: a@b.example -- Headers:  -- Subject: s"

static const struct format_row mail_log[] = {
    {"5.3, no date", "mail() on [/srv/w/x.php:88]: To: a@b.example -- Headers: From: c@d",
     "accepted script </srv/w/x.php> rcpts=1"},
    {"G25: date", D "mail() on [/srv/w/x.php:88" TO, "accepted script </srv/w/x.php> rcpts=1"},
    {"zone name", "[21-Nov-2026 19:39:58 Europe/Madrid] mail() on [/srv/w/x.php:88" TO,
     "accepted script </srv/w/x.php> rcpts=1"},
    {"zone that is none", "[21-Nov-2026 19:39:58 Moon/Base] mail() on [/srv/w/x.php:88" TO,
     "unknown"},
    {"syslog", "Nov 21 19:39:58 mx php: mail() on [/srv/w/x.php:88" TO,
     "accepted script </srv/w/x.php> rcpts=1"},
    {"syslog, any tag", "2026-11-21T19:39:58+01:00 mx php-fpm8.2[9]: mail() on [/srv/w/x.php:88" TO,
     "accepted script </srv/w/x.php> rcpts=1"},
    {"recipients", D "mail() on [/srv/w/x.php:3]: To: \"A, B\" <a@b>, c@d -- Headers: Cc: e@f",
     "accepted script </srv/w/x.php> rcpts=2"},
    {"no recipients", D "mail() on [/srv/w/x.php:3]: To:  -- Headers: Bcc: e@f",
     "accepted script </srv/w/x.php>"},
    {"blanks and brackets in the path", D "mail() on [/srv/my site/m (88).php:1" TO,
     "accepted script </srv/my site/m (88).php> rcpts=1"},
    {"colon in the path", D "mail() on [/srv/a:b.php:1" TO,
     "accepted script </srv/a:b.php> rcpts=1"},
    {"G25: eval", D "mail() on [/srv/w/x.php(12) : eval()'d code:1" TO,
     "accepted script </srv/w/x.php> rcpts=1"},
    {"eval in eval", D "mail() on [/srv/x.php(12) : eval()'d code(3) : eval()'d code:1" TO,
     "accepted script </srv/x.php> rcpts=1"},
    {"assert, regexp, function",
     D "mail() on [/srv/x.php(1) : assert code(2) : regexp code(3) : runtime-created function:1" TO,
     "accepted script </srv/x.php> rcpts=1"},
    {"phar", D "mail() on [phar:///srv/a/b.phar/in/side.php:9" TO,
     "accepted script </srv/a/b.phar> rcpts=1"},
    {"phar disguised", D "mail() on [phar:///srv/a/b.phar.jpg/in.php:9" TO,
     "accepted script </srv/a/b.phar.jpg> rcpts=1"},
    {"phar itself", D "mail() on [phar:///srv/a/b.phar:9" TO,
     "accepted script </srv/a/b.phar> rcpts=1"},
    {"eval in phar", D "mail() on [phar:///srv/b.phar/x.php(2) : eval()'d code:9" TO,
     "accepted script </srv/b.phar> rcpts=1"},
    {"compressed", D "mail() on [compress.zlib:///srv/x.gz:9" TO,
     "accepted script </srv/x.gz> rcpts=1"},
    {"filter", D "mail() on [php://filter/convert.base64-decode/resource=/srv/x.txt:9" TO,
     "accepted script </srv/x.txt> rcpts=1"},
    {"zip", D "mail() on [zip:///srv/x.zip#in.php:9" TO, "accepted script </srv/x.zip> rcpts=1"},
    {"data", D "mail() on [data:text/plain,x:9" TO, "accepted script <data:text/plain,x> rcpts=1"},
    {"php -r", D "mail() on [Command line code:1" TO, "nothing"},
    {"php -r, eval", D "mail() on [Command line code(1) : eval()'d code:1" TO, "nothing"},
    {"standard input", D "mail() on [Standard input code:1" TO, "nothing"},
};

static const struct format_row mail_log_forged[] = {
    {"path like an end", D "mail() on [/home/evil/x:1]: To: y/../z.php:5" TO,
     "accepted script </home/evil/x> rcpts=1"},
    {"path like a date", D "mail() on [/home/evil/]: To: x.php:5" TO,
     "accepted script </home/evil/]: To: x.php> rcpts=1"},
    {"recipient like a line",
     D "mail() on [/srv/x.php:5]: To: a, mail() on [/home/v/y.php:1]: To: b -- Headers: ",
     "accepted script </srv/x.php> rcpts=2"},
    {"subject like a line",
     D "mail() on [/srv/x.php:5]: To: a -- Headers:  -- Subject: mail() on [/home/v/y.php:1" TO,
     "accepted script </srv/x.php> rcpts=1"},
    {"not at the start", D "PHP Notice: mail() on [/home/v/y.php:1" TO, "foreign"},
    {"not at the start, syslog", "Nov 21 19:39:58 mx php: x mail() on [/home/v/y.php:1" TO,
     "foreign"},
    {"no line number", D "mail() on [/srv/x.php]: To: a@b", "unknown"},
    {"line number that is none", D "mail() on [/srv/x.php:5a]: To: a@b", "unknown"},
    {"no path", D "mail() on [:5" TO, "nothing"},
};

#define W "Nov 21 19:14:22 mx "

static const struct format_row wrapper[] = {
    {"recipe",
     W "web1: sendmail-php url=www.example.org/s.php, client=192.0.2.1, filename=/home/u/s.php, "
       "uid=1000, "
       "user=web1, args=-f a@b",
     "accepted script </home/u/s.php> client=<192.0.2.1> addr=192.0.2.1 uid=1000"},
    {"pid, no args",
     W "root[5]: sendmail-php url=, client=2001:db8::1, filename=/home/u/s.php, uid=0, user=root, "
       "args=",
     "accepted script </home/u/s.php> client=<2001:db8::1> addr=2001:db8::1 uid=0"},
    {"own tag", W "sendmail-php: url=x, client=, filename=/home/u/s.php, uid=0, user=root, args=",
     "accepted script </home/u/s.php> uid=0"},
    {"G26: blanks",
     W "web1: sendmail-php url=w/a b.php?c d, client=192.0.2.1, filename=/home/u/my dir/x.php, "
       "uid=1000, "
       "user=web1, args=",
     "accepted script </home/u/my dir/x.php> client=<192.0.2.1> addr=192.0.2.1 uid=1000"},
    {"baselines 14b: URL names another's file",
     W "web1: sendmail-php url=w/a.php?x=1, client=198.51.100.1, "
       "filename=/home/other/innocent.php, client=192.0.2.1, "
       "filename=/home/u/x.php, uid=1000, user=web1, args=",
     "accepted script </home/u/x.php> client=<192.0.2.1> addr=192.0.2.1 uid=1000"},
    {"URL imitates all",
     W "web1: sendmail-php url=w/, client=198.51.100.1, filename=/home/other/x.php, uid=1, user=o, "
       "args=, client=192.0.2.1, filename=/home/u/x.php, uid=1000, user=web1, args=",
     "accepted script </home/u/x.php> client=<192.0.2.1> addr=192.0.2.1 uid=1000"},
    {"no uid",
     W
     "web1: sendmail-php url=w, client=192.0.2.1, filename=/home/u/x.php, uid=x, user=web1, args=",
     "unknown"},
    {"no file",
     W "web1: sendmail-php url=w, client=192.0.2.1, filename=, uid=1, user=web1, args=", "unknown"},
    {"within a line",
     W "sshd: x sendmail-php url=w, client=192.0.2.1, filename=/a, uid=1, user=web1, args=",
     "foreign"},
    {"another name",
     W "web1: sendmail-phpx url=w, client=192.0.2.1, filename=/a, uid=1, user=web1, args=",
     "foreign"},
};

static const struct format_row relay[] = {
    {"user", W "root: sendmail2relay user=\"ivan\" path=\"/home/ivan/t.php\"",
     "accepted local <ivan>"},
    {"own tag", W "sendmail2relay: user=\"ivan\" path=\"/x.php\"", "accepted local <ivan>"},
    {"pid", W "root[603]: sendmail2relay user=\"ivan\" path=\"/x.php\"", "accepted local <ivan>"},
    {"path like a user", W "root: sendmail2relay user=\"ivan\" path=\"/x\" user=\"v\" path=\"/y\"",
     "accepted local <ivan>"},
    {"no end", W "root: sendmail2relay user=\"ivan\" path=\"/x", "unknown"},
    {"no user", W "root: sendmail2relay user=\"\" path=\"/x\"", "unknown"},
    {"another program", W "root: sshd user=\"ivan\" path=\"/x\"", "foreign"},
};

static const struct format_row relay_path[] = {
    {"path", W "root: sendmail2relay user=\"ivan\" path=\"/home/ivan/my site/t.php\"",
     "accepted script </home/ivan/my site/t.php>"},
    {"directory", W "web1: sendmail2relay user=\"web1\" path=\"/home/web1/public/\"",
     "accepted script </home/web1/public/>"},
    {"quotes", W "root: sendmail2relay user=\"ivan\" path=\"/x\" path=\"/home/v/y.php\"",
     "accepted script </x\" path=\"/home/v/y.php>"},
    {"no path", W "root: sendmail2relay user=\"ivan\" path=\"\"", "unknown"},
};

static void test_table(void)
{
    size_t len;
    const struct log_format *const *all = format_all(&len);
    for (size_t i = 0; i < len; i++) {
        test_true(all[i]->name, format_find(all[i]->name) == all[i]);
        test_true("a needle", all[i]->needles[0] != NULL && all[i]->summary != NULL);
        for (const char *const *w = all[i]->writers; w != NULL && *w != NULL; w++)
            test_true(*w, **w == '/');
    }
    test_true("no such format", format_find("qmail") == NULL && format_find("") == NULL);
    test_text("kind", sender_kind_name(SENDER_SASL), "sasl");
    test_text("last kind", sender_kind_name(SENDER_SCRIPT), "script");
    test_text("no kind", sender_kind_name(SENDER_KINDS), "unknown");
}

int main(void)
{
    test_table();
    FORMAT_RUN("php", mail_log);
    FORMAT_RUN("php", mail_log_forged);
    FORMAT_RUN("php-wrapper", wrapper);
    FORMAT_RUN("sendmail2relay", relay);
    FORMAT_RUN("sendmail2relay-path", relay_path);
    return test_end();
}
