/* notice - what is put into a template and what is not, that the message is well-formed whatever
 * stands in it, and that a real program gets it. */
#include "spamgear/react/notice.h"

#include "spamgear/base/clock.h"
#include "test.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define ADDED "Date: Sat, 21 Nov 2026 17:33:09 +0000\nAuto-Submitted: auto-generated\n"
#define MIME                                                                                       \
    "MIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: "      \
    "8bit\n"
#define SUBJECT "Subject: Malicious code was found in files of your account\n"
#define TO      "To: bob@example.net\n"

static const struct {
    const char *name, *template, *want;
} rows[] = {
    {"whole", "To: ${EMAIL}\nSubject: Hello ${USERNAME}\n\n${SHELLS}\n-- \n${USERNAME}\n",
     TO "Subject: Hello bob\n" ADDED MIME "\n/home/bob/a.php [X]\n/home/bob/b.php [Y]\n-- \nbob\n"},
    {"nothing is evaluated", "To: ${EMAIL}\n\n$(id) `id` $100 \"' $ ${ $$ ${HOME} ${EMAIL\n\\n\\t",
     TO SUBJECT ADDED MIME "\n$(id) `id` $100 \"' $ ${ $$ ${HOME} ${EMAIL\n\\n\\t\n"},
    {"names are exact", "To: ${EMAIL}\n\n${email} $EMAIL ${EMAIL}${EMAIL} $${USERNAME}",
     TO SUBJECT ADDED MIME "\n${email} $EMAIL bob@example.netbob@example.net $bob\n"},
    {"no headers", "Dear ${USERNAME},\n\nread this.\n",
     TO SUBJECT ADDED MIME "\nDear bob,\n\nread this.\n"},
    {"a blank line first", "\nX: y\n", TO SUBJECT ADDED MIME "\nX: y\n"},
    {"the blank line forgotten", "Subject: s\nDear ${USERNAME},\nread this.\n",
     "Subject: s\n" TO ADDED MIME "\nDear bob,\nread this.\n"},
    {"headers only", "Subject: s\n", "Subject: s\n" TO ADDED MIME "\n"},
    {"no newline at the end", "Subject: s", "Subject: s\n" TO ADDED MIME "\n"},
    {"empty", "", TO SUBJECT ADDED MIME "\n"},
    {"other recipients", "to: admin@example.net\nBcc: ${EMAIL}\n\nx\n",
     "to: admin@example.net\nBcc: bob@example.net\n" SUBJECT ADDED MIME "\nx\n"},
    {"own headers", "To: a\nSubject: b\nDATE: c\nauto-submitted: d\nContent-Type: e\n\nx\n",
     "To: a\nSubject: b\nDATE: c\nauto-submitted: d\nContent-Type: e\n\nx\n"},
    {"CR LF", "To: ${EMAIL}\r\nSubject: s\r\n\r\nx\r\ny\r\n",
     TO "Subject: s\n" ADDED MIME "\nx\ny\n"},
    {"folded", "To: ${EMAIL},\n other@example.net\nSubject: s\n\nx\n",
     "To: bob@example.net,\n other@example.net\nSubject: s\n" ADDED MIME "\nx\n"},
    {"begins folded", " To: ${EMAIL}\n\nx\n",
     TO SUBJECT ADDED MIME "\n To: bob@example.net\n\nx\n"},
    {"file names make no headers", "To: a\nSubject: ${SHELLS}\n\nx\n",
     "To: a\nSubject: ${SHELLS}\n" ADDED MIME "\nx\n"},
    {"other letters",
     "To: J\xc3\xb6rg M\xc3\xbcller <${EMAIL}>\nSubject: F\xc3\xbcr Sie\n\n\xc3\xa4\n",
     "To: =?UTF-8?B?SsO2cmcgTcO8bGxlcg==?= <bob@example.net>\nSubject: =?UTF-8?B?RsO8cg==?= "
     "Sie\n" ADDED MIME "\n\xc3\xa4\n"},
    {"quoted", "To: \"J\xc3\xb6rg\" <${EMAIL}>\nSubject: s\n\nx\n",
     "To: =?UTF-8?B?SsO2cmc=?= <bob@example.net>\nSubject: s\n" ADDED MIME "\nx\n"},
    {"a name in a name", "${USERNAME}: x\nTo: a\nSubject: s\n\nx\n",
     "${USERNAME}: x\nTo: a\nSubject: s\n" ADDED MIME "\nx\n"},
    {"no blank behind the colon", "To:a\nSubject:\xc3\xa4\n\nx\n",
     "To:a\nSubject:=?UTF-8?B?w6Q=?=\n" ADDED MIME "\nx\n"},
    {"long, and no character is cut",
     "To: a\nSubject: "
     "x\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
     "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3"
     "\xa4"
     "\n\nx\n",
     "To: a\nSubject: =?UTF-8?B?eMOkw6TDpMOkw6TDpMOkw6TDpMOkw6TDpMOkw6TDpMOkw6TDpMOkw6TDpMOk?=\n"
     " =?UTF-8?B?w6Q=?=\n" ADDED MIME "\nx\n"},
};

static void fill(struct strbuf *out, const char *template, const char *shells)
{
    notice_fill(out, span_text(template), SPAN("bob@example.net"), SPAN("bob"), span_text(shells));
}

static void test_rows(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct strbuf out = {0};
        fill(&out, rows[i].template, "/home/bob/a.php [X]\n/home/bob/b.php [Y]");
        test_text(rows[i].name, strbuf_text(&out), rows[i].want);
        strbuf_clear(&out);
    }
}

/* What is put in is not read again, and ends no header. */
static void test_hostile(void)
{
    struct strbuf out = {0};
    fill(&out, "To: a\nSubject: b\n\n${SHELLS}|\n", "/x/${EMAIL}/$(id)\r\n.\n\nBcc: eve");
    test_text("in the body", strbuf_text(&out),
              "To: a\nSubject: b\n" ADDED MIME "\n/x/${EMAIL}/$(id)\n.\n\nBcc: eve|\n");
    strbuf_reset(&out);
    notice_fill(&out, SPAN("To: ${EMAIL}\nSubject: ${USERNAME}\n\nx"), SPAN("a\r\nBcc: eve\n\nx"),
                SPAN("\n\n\x7f${EMAIL}"), SPAN(""));
    test_text("in headers", strbuf_text(&out),
              "To: a  Bcc: eve  x\nSubject:    ${EMAIL}\n" ADDED MIME "\nx\n");
    strbuf_reset(&out);
    notice_fill(&out, SPAN("a\0b\n"), SPAN("\n\nx"), SPAN(""), SPAN(""));
    test_text("in what is added", strbuf_text(&out), "To:   x\n" SUBJECT ADDED MIME "\nab\n");
    strbuf_clear(&out);
}

/* No line is longer than mail servers take, and none ends within a character. */
static void test_long_lines(void)
{
    struct strbuf name = {0}, out = {0};
    for (int i = 0; i < 5000; i++)
        strbuf_add_text(&name, i % 7 == 0 ? "x" : "\xe2\x82\xac");
    fill(&out, "To: a\n\n${SHELLS}\n", strbuf_text(&name));
    struct span rest = strbuf_span(&out), line;
    size_t lines = 0;
    bool right = true;
    while (span_take_line(&rest, &line)) {
        right = right && line.len <= 998;
        right = right && (line.len == 0 || ((unsigned char)*line.at & 0xc0) != 0x80);
        bool goes_on = span_has_prefix(line, SPAN("  ")) && line.len > 2;
        right = right && (!goes_on || ((unsigned char)line.at[2] & 0xc0) != 0x80);
        lines++;
    }
    test_true("short enough", right);
    test_true("several", lines > 15 && lines < 40);
    strbuf_clear(&name);
    strbuf_clear(&out);
}

static void put(const char *path, const char *text, mode_t mode)
{
    FILE *f = fopen(path, "w");
    test_true(path, f != NULL && fputs(text, f) >= 0 && fclose(f) == 0 && chmod(path, mode) == 0);
}

static void test_content(const char *name, const char *path, const char *want)
{
    char got[4000] = "";
    FILE *f = fopen(path, "r");
    size_t len = f == NULL ? 0 : fread(got, 1, sizeof got - 1, f);
    if (f != NULL)
        fclose(f);
    test_bytes(name, got, len, want, strlen(want));
    unlink(path);
}

static void add(struct notices *notices, const char *user, const char *address, const char *line)
{
    struct tenant tenant = {0};
    strbuf_add_text(&tenant.user, user);
    strbuf_add_text(&tenant.address, address);
    notices_add(notices, &tenant, span_text(line));
    tenant_clear(&tenant);
}

/* A program that keeps each mail in a file of its own, named by its second word of the first line;
 * refuses eve's. */
static const char program[] = "#!/bin/sh\n"
                              "[ \"$*\" = '-i -t' ] || exit 64\n"
                              "read -r to who; cd \"${0%/*}\" || exit 65\n"
                              "[ \"$who\" != eve@example.net ] || { echo no eve; exit 67; }\n"
                              "{ echo \"$to $who\"; cat; } >>\"mail.$who\"\n";

static struct notices *open_two(const char *sendmail)
{
    struct notices *notices = notices_open("template", sendmail, NULL);
    if (notices == NULL)
        exit(1);
    add(notices, "bob", "bob@example.net", "/home/bob/a [X]");
    add(notices, "eve", "eve@example.net", "/home/eve/e [Y]");
    add(notices, "joe", "joe@example.net", "/home/joe/j [Z]");
    add(notices, "bob", "bob@example.net", "/home/bob/b [X]");
    return notices;
}

static void test_send(const char *sendmail)
{
    struct texts problems = {0};
    struct strbuf problem = {0};
    put("template", "To: ${EMAIL}\nSubject: ${USERNAME}\n\n${SHELLS}\n", 0644);
    test_number("dry", notices_send(open_two(sendmail), true, &problems), 0);
    test_true("nothing was sent", access("mail.bob@example.net", F_OK) != 0);
    test_number("one fails", notices_send(open_two(sendmail), false, &problems), 1);
    test_content("bob's", "mail.bob@example.net",
                 TO "Subject: bob\n" ADDED MIME "\n/home/bob/a [X]\n/home/bob/b [X]\n");
    test_content("joe's", "mail.joe@example.net",
                 "To: joe@example.net\nSubject: joe\n" ADDED MIME "\n/home/joe/j [Z]\n");
    strbuf_format(&problem,
                  "the notice to eve@example.net was not sent: %s: exit status 67: no eve",
                  sendmail);
    test_number("problems", (int64_t)problems.len, 1);
    test_text("the problem", problems.len == 1 ? problems.at[0] : "", strbuf_text(&problem));
    texts_clear(&problems);
    test_number("no program", notices_send(open_two("/nonexistent/sendmail"), false, &problems), 3);
    test_text("says", problems.len == 3 ? problems.at[0] : "",
              "the notice to bob@example.net was not sent: /nonexistent/sendmail: No such file or "
              "directory");
    texts_clear(&problems);
    strbuf_clear(&problem);
    unlink("template");
}

static unsigned send_again(const struct mail_settings *mail, const char *line)
{
    struct texts problems = {0};
    struct notices *notices = notices_open("template", mail->sendmail, NULL);
    if (notices == NULL)
        exit(1);
    notices_mail_with(notices, mail);
    add(notices, "bob", "bob@example.net", line);
    test_number("sent or in peace", notices_send(notices, false, &problems), 0);
    texts_clear(&problems);
    unsigned sent = access("mail.bob@example.net", F_OK) == 0;
    unlink("mail.bob@example.net");
    return sent;
}

/* The date of a message is another each time; what it tells is not. */
static void test_quiet(char *sendmail)
{
    struct mail_settings mail = {.route = "mail",
                                 .sendmail = sendmail,
                                 .timeout_s = 20,
                                 .spool = (char *)(size_t) "spool",
                                 .quiet_s = 3600};
    put("template", "To: ${EMAIL}\nSubject: ${USERNAME}\n\n${SHELLS}\n", 0644);
    test_number("first", send_again(&mail, "/home/bob/a [X]"), 1);
    clock_pin(1795282389 + 60);
    test_number("the same", send_again(&mail, "/home/bob/a [X]"), 0);
    test_number("another", send_again(&mail, "/home/bob/b [X]"), 1);
    clock_pin(1795282389 + 3600);
    test_number("after a while", send_again(&mail, "/home/bob/a [X]"), 1);
    clock_pin(1795282389);
    unlink("template");
    unlink("spool/sent");
    test_true("nothing waits", rmdir("spool") == 0);
}

static void test_many(const char *sendmail)
{
    struct texts problems = {0};
    struct notices *notices = notices_open(NULL, sendmail, NULL);
    for (int i = 0; i < 1002; i++)
        add(notices, "bob", "bob@example.net", i < 1000 ? "in" : "out");
    test_number("sent", notices_send(notices, false, &problems), 0);
    FILE *f = fopen("mail.bob@example.net", "r");
    char line[1000];
    int in = 0, out = 0, more = 0;
    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        in += strcmp(line, "in\n") == 0;
        out += strcmp(line, "out\n") == 0;
        more += strcmp(line, "... and 2 more\n") == 0;
    }
    if (f != NULL)
        fclose(f);
    test_number("told", in, 1000);
    test_number("not told", out, 0);
    test_number("counted", more, 1);
    unlink("mail.bob@example.net");
    texts_clear(&problems);
}

static void test_templates(void)
{
    struct strbuf why = {0}, big = {0};
    test_true("none", notices_open("none", "x", &why) == NULL);
    test_text("none", strbuf_text(&why), "none: No such file or directory");
    test_true("a folder", notices_open(".", "x", &why) == NULL);
    test_text("a folder", strbuf_text(&why), ".: Is a directory");
    put("template", "", 0644);
    test_true("empty", notices_open("template", "x", &why) == NULL);
    test_text("empty", strbuf_text(&why), "template: is empty");
    while (big.len <= 65536)
        strbuf_add_text(&big, "0123456789\n");
    put("template", strbuf_text(&big), 0644);
    test_true("large", notices_open("template", "x", &why) == NULL);
    test_text("large", strbuf_text(&why), "template: is larger than 65536 bytes");
    unlink("template");
    struct notices *own = notices_open(NULL, "x", &why);
    add(own, "bob", "bob@example.net", "/x");
    notices_close(own);
    notices_close(NULL);
    strbuf_clear(&why);
    strbuf_clear(&big);
}

int main(void)
{
    char dir[] = "/tmp/notice_test.XXXXXX";
    if (mkdtemp(dir) == NULL || chdir(dir) != 0)
        return 1;
    setenv("TZ", "UTC", 1);
    clock_pin(1795282389);
    struct strbuf sendmail = {0}, first = {0};
    strbuf_format(&sendmail, "%s/sendmail", dir);
    put("sendmail", program, 0755);
    test_rows();
    test_hostile();
    test_long_lines();
    test_send(strbuf_text(&sendmail));
    test_quiet(sendmail.data);
    test_many(strbuf_text(&sendmail));
    test_templates();
    fill(&first, notice_template(), "/home/bob/x.php [X]");
    test_true("the built-in one", span_find(strbuf_span(&first), SPAN("\nDear bob,\n")) != NULL &&
                                      strchr(strbuf_text(&first), '$') == NULL);
    strbuf_clear(&sendmail);
    strbuf_clear(&first);
    unlink("sendmail");
    test_true("folder is empty", rmdir(dir) == 0);
    return test_end();
}
