/* mail - the policy as tables; then mails through a program that stands where sendmail would: sent,
 * refused, taken later, spooled, sent by a later run, given up, left in peace.
 */
#include "spamgear/react/mail.h"

#include "../../core/react/mail_parts.h"
#include "spamgear/base/clock.h"
#include "test.h"
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOW 1795282389

/* ---- policy ---- */

static void test_merge(void)
{
    static const struct {
        enum smtp_result have, got, want;
    } rows[] = {
        {SMTP_NOT_TRIED, SMTP_NOT_TRIED, SMTP_NOT_TRIED},
        {SMTP_NOT_TRIED, SMTP_REFUSED, SMTP_REFUSED},
        {SMTP_REFUSED, SMTP_LATER, SMTP_LATER},
        {SMTP_LATER, SMTP_REFUSED, SMTP_LATER},
        {SMTP_LATER, SMTP_SENT, SMTP_SENT},
        {SMTP_SENT, SMTP_REFUSED, SMTP_SENT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        test_number("merge", mail_merge(rows[i].have, rows[i].got), rows[i].want);
}

static void test_times(void)
{
    static const int64_t waits[] = {300, 300, 600, 1200, 2400, 4800, 9600, 14400, 14400};
    for (unsigned i = 0; i < sizeof waits / sizeof *waits; i++)
        test_number("wait", mail_next_try(NOW, i) - NOW, waits[i]);
    test_number("many", mail_next_try(NOW, 4000000000u) - NOW, 14400);
    test_true("now", mail_is_due(NOW, NOW, 100) && mail_is_due(NOW, 0, 100));
    test_true("later", !mail_is_due(NOW, NOW + 1, 100) && !mail_is_due(NOW, NOW + 14500, 100));
    test_true("the clock was put back", mail_is_due(NOW, NOW + 14501, 100));
}

static void test_sendmail_statuses(void)
{
    static const struct {
        int status;
        enum smtp_result want;
    } rows[] = {{0, SMTP_SENT},     {1, SMTP_LATER},    {64, SMTP_REFUSED},
                {65, SMTP_REFUSED}, {67, SMTP_REFUSED}, {69, SMTP_LATER},
                {75, SMTP_LATER},   {77, SMTP_REFUSED}, {127, SMTP_LATER}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        test_number("status", mail_sendmail_result(rows[i].status), rows[i].want);
}

static void test_routes(void)
{
    struct mail_routes routes = {0};
    struct texts smtp = {0};
    struct strbuf why = {0};
    texts_add(&smtp, "smtp://a");
    texts_add(&smtp, "x@example.net");
    texts_add(&smtp, "Y@example.net");
    texts_add(&smtp, "smtps://b:4650");
    test_number("read", mail_routes_read(&routes, &smtp, &why), 0);
    test_number("two", (int64_t)routes.list.len, 2);
    test_true("its own", mail_route_serves(&routes.list.at[0], "y@example.net"));
    test_true("of nobody else", !mail_route_serves(&routes.list.at[0], "z@example.net"));
    test_true("everybody", mail_route_serves(&routes.list.at[1], "z@example.net"));
    vec_clear(&routes.list);
    texts_clear(&smtp);
    texts_add(&smtp, "x@example.net");
    test_number("no server", mail_routes_read(&routes, &smtp, &why), -1);
    test_text("says", strbuf_text(&why), "\"x@example.net\" stands before any server");
    texts_clear(&smtp);
    strbuf_clear(&why);
}

/* ---- the old settings ---- */

static const struct {
    const char *text, *want; /* the words, or why not */
} old_rows[] = {
    {"(\n    ('external-smpt-server.org', ('addr1@external1.org', 'addr2@external1.org')),\n"
     "    ('ext-smpt-server2.org', ('address@ext2.org',)),\n)",
     "smtp://external-smpt-server.org addr1@external1.org addr2@external1.org "
     "smtp://ext-smpt-server2.org address@ext2.org"},
    {"[[\"a\", [\"x@a\"]]]", "smtp://a x@a"},
    {"(('a', ('x@a')),)", "smtp://a x@a"},
    {"(('a', 'x@a'), ('b:26', 'y@b')) # and so on", "smtp://a x@a smtp://b:26 y@b"},
    {"", ""},
    {"()", ""},
    {"(('a', ('x@a',)))", "smtp://a x@a"},
    {"__import__('os').system('id')", "is not a list of (server, (recipients)), and is not run"},
    {"(('a', (open('x@a'),)),)", "is not a list of (server, (recipients)), and is not run"},
    {"(('a', ('x@a' + 'b',)),)", "is not a list of (server, (recipients)), and is not run"},
    {"(('a', ('x@a',)),", "a bracket is not closed"},
    {"(('a', ('x@a',]),)", "a bracket too many"},
    {"(('a', ('x@a',))))", "a bracket too many"},
    {"(('a',),)", "a server has no recipients"},
    {"(('x@a',),)", "a recipient stands where a server is expected"},
    {"(('a', ('b',)),)", "a recipient is no mail address"},
    {"(('a', ('x@a\n',)),)", "a blank or control byte in a name"},
    {"(('a', ('x@a", "a quote is not closed"},
    {"(('a', ('x\\", "a quote is not closed"},
    {"'a'", "a name stands outside of (server, (recipients))"},
    {"((((('a',", "too deep"},
    {"(('', ('x@a',)),)", "an empty name"},
};

static void test_old(void)
{
    for (size_t i = 0; i < sizeof old_rows / sizeof *old_rows; i++) {
        struct texts smtp = {0};
        struct strbuf got = {0};
        if (mail_old_recipients(&smtp, span_text(old_rows[i].text), &got) == 0)
            for (size_t j = 0; j < smtp.len; j++)
                strbuf_format(&got, "%s%s", j == 0 ? "" : " ", smtp.at[j]);
        else
            test_number("nothing is taken", (int64_t)smtp.len, 0);
        test_text(old_rows[i].text, strbuf_text(&got), old_rows[i].want);
        texts_clear(&smtp);
        strbuf_clear(&got);
    }
}

/* ---- messages that come ready ---- */

static void test_ready(void)
{
    struct texts to = {0};
    struct strbuf out = {0};
    struct span message = SPAN("To: \"Doe, John\" <john@example.net>,\n bob@example.net (a, b)\n"
                               "bcc: eve@example.net,\n joe@example.net\nSubject: s\n\n"
                               "To: nobody@example.net\n.\n");
    mail_ready_recipients(&to, message);
    test_number("four", (int64_t)to.len, 4);
    test_text("quoted", to.len > 0 ? to.at[0] : "", "john@example.net");
    test_text("last", to.len > 3 ? to.at[3] : "", "joe@example.net");
    mail_ready_complete(&out, message, "spamgear@example.org");
    test_true("CRLF, no Bcc",
              span_has_prefix(strbuf_span(&out),
                              SPAN("To: \"Doe, John\" <john@example.net>,\r\n bob@example.net (a, "
                                   "b)\r\nSubject: s\r\nFrom: spamgear@example.org\r\n"
                                   "Message-ID: <")));
    test_true("body",
              span_has_suffix(strbuf_span(&out), SPAN("\r\n\r\nTo: nobody@example.net\r\n.\r\n")));
    strbuf_reset(&out);
    mail_ready_complete(&out, SPAN("from: a\r\nmessage-id: <b>\r\n\r\nx"), "c@d");
    test_text("complete", strbuf_text(&out), "from: a\r\nmessage-id: <b>\r\n\r\nx\r\n");
    texts_clear(&to);
    strbuf_clear(&out);
}

static void complete(const char *name, const char *message, const char *want)
{
    struct strbuf out = {0};
    mail_ready_complete(&out, span_text(message), "c@d");
    test_text(name, strbuf_text(&out), want);
    strbuf_clear(&out);
}

#define HEAD "From: a\r\nMessage-ID: <b>\r\n"

/* What a server need not take becomes what it must. */
static void test_ready_coded(void)
{
    complete("8 bits",
             "From: a\nMessage-ID: <b>\n\nGr\xc3\xbc\xc3\x9f"
             "e = x \n.\n",
             HEAD "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
                  "Content-Transfer-Encoding: quoted-printable\r\n\r\nGr=C3=BC=C3=9Fe =3D x=20\r\n"
                  ".\r\n");
    complete("in place of another",
             "From: a\nMessage-ID: <b>\nmime-version: 1.0\nContent-Type: text/plain; "
             "charset=ISO-8859-1\nContent-transfer-encoding:\n 8BIT\n\n\xe4\r\n",
             HEAD "mime-version: 1.0\r\nContent-Type: text/plain; charset=ISO-8859-1\r\n"
                  "Content-Transfer-Encoding: quoted-printable\r\n\r\n=E4\r\n");
    complete("7 bits", "From: a\nMessage-ID: <b>\nContent-Transfer-Encoding: 8bit\n\nx\n",
             HEAD "Content-Transfer-Encoding: 8bit\r\n\r\nx\r\n");
    complete("a header", "From: a\nMessage-ID: <b>\nSubject: \xc3\xa4\n\nx\n",
             HEAD "Subject: =?UTF-8?B?w6Q=?=\r\n\r\nx\r\n");
    complete("parts", "From: a\nMessage-ID: <b>\nContent-Type:\n Multipart/mixed\n\n\xc3\xa4\n",
             HEAD "Content-Type:\r\n Multipart/mixed\r\n\r\n\xc3\xa4\r\n");
    complete("is coded, and wrong",
             "From: a\nMessage-ID: <b>\nContent-Transfer-Encoding: base64\n\n\xc3\xa4\n",
             HEAD "Content-Transfer-Encoding: base64\r\n\r\n\xc3\xa4\r\n");
    struct strbuf out = {0}, text = {0};
    struct span rest, line;
    strbuf_add_text(&text, "From: a\n\n");
    for (int i = 0; i < 999; i++)
        strbuf_add_char(&text, 'x');
    mail_ready_complete(&out, strbuf_span(&text), "c@d");
    bool longer = false;
    for (rest = strbuf_span(&out); span_take_line(&rest, &line);)
        longer = longer || line.len > 998;
    test_true("no line is too long", !longer);
    strbuf_clear(&out);
    strbuf_clear(&text);
}

/* ---- sending ---- */

/* Writes its words and what it gets to `mail`, and ends as `status` says. */
static const char program[] =
    "#!/bin/sh\n"
    "cd \"${0%/*}\" || exit 75\n"
    "[ ! -f kill ] || { cat >/dev/null; kill -KILL $$; }\n"
    "[ ! -f hang ] || exec sleep 1000\n"
    "[ ! -f talk ] || { head -c 100000 /dev/zero; printf '\\033[2J\\nx' >&2; exit 69; }\n"
    "{ echo \"$@\"; cat; } >>mail\n"
    "[ ! -f status ] || { echo 'not now' >&2; exit \"$(cat status)\"; }\n";

static void put(const char *path, const char *text, mode_t mode)
{
    FILE *f = fopen(path, "w");
    test_true(path, f != NULL && fputs(text, f) >= 0 && fclose(f) == 0 && chmod(path, mode) == 0);
}

/* What the program got; it is forgotten. */
static void take_mail(char got[4000])
{
    FILE *f = fopen("mail", "r");
    size_t len = f == NULL ? 0 : fread(got, 1, 3999, f);
    got[len] = '\0';
    if (f != NULL)
        fclose(f);
    unlink("mail");
}

static unsigned count_files(const char *folder)
{
    unsigned count = 0;
    DIR *dir = opendir(folder);
    struct dirent *entry;
    while (dir != NULL && (entry = readdir(dir)) != NULL)
        count += strstr(entry->d_name, ".mail") != NULL;
    if (dir != NULL)
        closedir(dir);
    return count;
}

static struct mail_settings settings;
static struct mail_result result;
static struct strbuf why;

static int send_one(const char *subject, const char *body)
{
    struct mail mail = {.subject = subject, .body = span_text(body)};
    mail_result_clear(&result);
    return mail_send(&settings, &mail, &result, &why);
}

static void test_sent(void)
{
    char got[4000];
    test_number("sent", send_one("Spammers", "bob\n"), 0);
    test_number("two", result.sent, 2);
    test_number("no problem", (int64_t)result.problems.len, 0);
    take_mail(got);
    test_true("words",
              strncmp(got, "-i -f spamgear@example.org -- a@example.net b@example.net\n", 56) == 0);
    test_true("headers", strstr(got, "\nSubject: Spammers\n") != NULL &&
                             strstr(got, "\nAuto-Submitted: auto-generated\n") != NULL &&
                             strchr(got, '\r') == NULL);
    test_true("body", strstr(got, "\n\nbob\n") != NULL);
    test_number("nothing waits", count_files("spool"), 0);
}

static void test_quiet(void)
{
    char got[4000];
    settings.quiet_s = 3600;
    test_number("first", send_one("Report", "eve\n"), 0);
    test_number("the same", send_one("Report", "eve\n"), 0);
    test_number("is not sent", result.quiet, 2);
    test_number("another is", send_one("Report", "joe\n"), 0);
    test_number("both", result.sent, 2);
    clock_pin(NOW + 3600);
    test_number("after a while", send_one("Report", "eve\n"), 0);
    test_number("again", result.sent, 2);
    take_mail(got);
    settings.quiet_s = 0;
    clock_pin(NOW);
}

static void test_refused(void)
{
    char got[4000];
    put("status", "67", 0644);
    test_number("refused", send_one("s", "x"), -1);
    test_true("says",
              span_has_suffix(strbuf_span(&why), SPAN("/sendmail: exit status 67: not now")));
    test_number("two", result.refused, 2);
    test_number("nothing waits", count_files("spool"), 0);
    unlink("status");
    take_mail(got);
}

/* A program that ends by itself badly, or not at all, has not taken the mail. */
static void test_bad_sendmail(void)
{
    static const struct {
        const char *file, *why;
    } rows[] = {{"kill", "ended by signal 9"},
                {"hang", "did not end within 1000 ms"},
                {"talk", "exit status 69: \\x00\\x00"}};
    char *folder = settings.spool;
    settings.timeout_s = 1;
    settings.spool = NULL;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        put(rows[i].file, "", 0644);
        test_number(rows[i].file, send_one("s", "x"), -1);
        test_number("two", result.refused, 2);
        test_true(rows[i].why, strstr(strbuf_text(&why), rows[i].why) != NULL);
        test_true("in one line", why.len < 2000 && strpbrk(strbuf_text(&why), "\n\033") == NULL);
        unlink(rows[i].file);
    }
    settings.timeout_s = 20;
    settings.spool = folder;
}

static void flush(unsigned want_problems)
{
    struct texts problems = {0};
    mail_flush(&settings, &problems);
    test_number("problems", (int64_t)problems.len, want_problems);
    texts_clear(&problems);
}

static void test_later(void)
{
    char got[4000];
    put("status", "75", 0644);
    test_number("will be sent", send_one("s", "later"), 0);
    test_number("two wait", result.spooled, 2);
    test_number("one file", count_files("spool"), 1);
    take_mail(got);
    unlink("status");
    flush(0);
    test_true("not due yet", access("mail", F_OK) != 0);
    clock_pin(NOW + 300);
    settings.route = "emergency";
    flush(0);
    test_true("another route", access("mail", F_OK) != 0);
    settings.route = "mail";
    flush(0);
    take_mail(got);
    test_true("sent", strstr(got, "\n\nlater\n") != NULL);
    test_number("nothing waits", count_files("spool"), 0);
    flush(0);
    test_true("once", access("mail", F_OK) != 0);
    clock_pin(NOW);
}

static void test_given_up(void)
{
    char got[4000];
    put("status", "75", 0644);
    send_one("s", "never");
    int64_t now = NOW;
    for (int i = 0; i < 5; i++) {
        clock_pin(now += 4 * 3600);
        flush(0);
    }
    clock_pin(NOW + 5 * 86400 - 1);
    flush(0);
    clock_pin(NOW + 6 * 86400);
    flush(3);
    test_number("nothing waits", count_files("spool"), 0);
    test_number("it is kept", count_files("spool/failed"), 1);
    flush(0);
    unlink("status");
    take_mail(got);
    clock_pin(NOW);
}

/* The clock was a year ahead when it was queued: its age says nothing. */
static void test_tried_enough(void)
{
    char got[4000];
    put("status", "75", 0644);
    clock_pin(NOW + 365 * 86400);
    send_one("s", "early");
    settings.spool_tries = 3;
    clock_pin(NOW);
    flush(0);
    test_number("two attempts", count_files("spool"), 1);
    clock_pin(NOW + 600);
    flush(3);
    test_number("nothing waits", count_files("spool"), 0);
    test_number("it is kept", count_files("spool/failed"), 2);
    settings.spool_tries = 0;
    unlink("status");
    take_mail(got);
    clock_pin(NOW);
}

/* The spool belongs to another run, cannot be made, or is a file: mail goes out all the same. */
static void test_no_spool(void)
{
    char got[4000], *folder = settings.spool;
    put("file", "", 0644);
    settings.spool = mem_text("file");
    test_number("sent", send_one("s", "x"), 0);
    test_number("two", result.sent, 2);
    put("status", "75", 0644);
    test_number("not later", send_one("s", "x"), -1);
    test_true("both reasons are told", result.problems.len == 3);
    flush(0);
    unlink("status");
    unlink("file");
    free(settings.spool);
    settings.spool = folder;
    take_mail(got);
}

/* Who made a mistake in the configuration may mend it: nothing is given up for that. */
static void test_no_way(void)
{
    char got[4000], *sendmail = settings.sendmail;
    settings.sendmail = NULL;
    test_number("kept", send_one("s", "no way"), 0);
    test_number("two wait", result.spooled, 2);
    test_true("says",
              result.problems.len > 0 &&
                  strstr(result.problems.at[0], "a@example.net: will be tried again: neither a "
                                                "server nor sendmail is configured") != NULL);
    clock_pin(NOW + 300);
    texts_add(&settings.smtp, "x@example.net");
    flush(0);
    texts_clear(&settings.smtp);
    test_number("still", count_files("spool"), 1);
    settings.sendmail = sendmail;
    clock_pin(NOW + 3600);
    flush(0);
    take_mail(got);
    test_true("sent", strstr(got, "\n\nno way\n") != NULL);
    test_number("nothing waits", count_files("spool"), 0);
    clock_pin(NOW);
}

static void test_locked(void)
{
    char got[4000];
    struct texts problems = {0};
    put("status", "75", 0644);
    send_one("s", "x");
    unlink("status");
    take_mail(got);
    clock_pin(NOW + 300);
    struct spool *other = spool_open("spool", 0, NULL);
    test_number("locked", spool_lock(other, NULL), 1);
    mail_flush(&settings, &problems);
    test_true("left to the other", access("mail", F_OK) != 0 && problems.len == 0);
    spool_close(other);
    mail_flush(&settings, &problems);
    test_true("sent now", access("mail", F_OK) == 0 && problems.len == 0);
    take_mail(got);
    texts_clear(&problems);
    clock_pin(NOW);
}

static void test_recipients(void)
{
    char got[4000];
    struct texts to = {0};
    struct mail mail = {.to = &to, .subject = "s", .body = SPAN("x")};
    texts_add(&to, "Bob <bob@example.net>");
    texts_add(&to, "BOB@example.net");
    mail_result_clear(&result);
    test_number("sent", mail_send(&settings, &mail, &result, &why), 0);
    test_number("once", result.sent, 1);
    texts_add(&to, "no address\nBcc: eve");
    mail_result_clear(&result);
    test_number("one is wrong", mail_send(&settings, &mail, &result, &why), -1);
    test_number("the other has it", result.sent, 1);
    texts_clear(&to);
    mail_result_clear(&result);
    test_number("nobody", mail_send(&settings, &mail, &result, &why), -1);
    test_text("says", strbuf_text(&why), "the mail has no recipient");
    take_mail(got);
}

static void clear_spool(void)
{
    DIR *dir = opendir("spool/failed");
    struct dirent *entry;
    while (dir != NULL && (entry = readdir(dir)) != NULL)
        unlinkat(dirfd(dir), entry->d_name, 0);
    if (dir != NULL)
        closedir(dir);
    unlink("spool/sent");
    rmdir("spool/failed");
    test_true("spool is empty", rmdir("spool") == 0);
}

int main(void)
{
    char dir[] = "/tmp/mail_test.XXXXXX";
    struct strbuf sendmail = {0};
    if (mkdtemp(dir) == NULL || chdir(dir) != 0)
        return 1;
    clock_pin(NOW);
    strbuf_format(&sendmail, "%s/sendmail", dir);
    put("sendmail", program, 0755);
    settings = (struct mail_settings){.route = "mail",
                                      .sendmail = strbuf_take(&sendmail),
                                      .from = mem_text("Spamgear <spamgear@example.org>"),
                                      .timeout_s = 20,
                                      .spool = mem_text("spool"),
                                      .spool_age_s = 5 * 86400,
                                      .spool_max = 100};
    texts_add(&settings.to, "a@example.net");
    texts_add(&settings.to, "b@example.net");
    test_merge();
    test_times();
    test_sendmail_statuses();
    test_routes();
    test_old();
    test_ready();
    test_ready_coded();
    test_sent();
    test_quiet();
    test_refused();
    test_bad_sendmail();
    test_later();
    test_given_up();
    test_tried_enough();
    test_no_spool();
    test_no_way();
    test_locked();
    test_recipients();
    clear_spool();
    mail_result_clear(&result);
    strbuf_clear(&why);
    texts_clear(&settings.to);
    free(settings.sendmail);
    free(settings.from);
    free(settings.spool);
    unlink("sendmail");
    test_true("folder is empty", chdir("/") == 0 && rmdir(dir) == 0);
    return test_end();
}
