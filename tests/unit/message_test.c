/* message - whole mails, byte by byte, and that no value gets out of its place. */
#include "spamgear/net/message.h"

#include "spamgear/base/clock.h"
#include "test.h"
#include <stdlib.h>
#include <unistd.h>

#define HEAD "Date: Sat, 21 Nov 2026 17:33:09 +0000\r\n"
#define TAIL                                                                                       \
    "Message-ID: <one@host.example>\r\nAuto-Submitted: auto-generated\r\nPrecedence: bulk\r\n"     \
    "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
#define PLAIN  "From: a@b\r\nTo: c@d\r\nSubject: s\r\n" TAIL
#define X60    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define BASE60 "eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4"

static const struct {
    const char *name, *from, *to, *subject, *body, *want;
} rows[] = {
    {"plain", "a@b", "c@d", "s", "one\ntwo\n", HEAD PLAIN "7bit\r\n\r\none\r\ntwo\r\n"},
    {"no newline at the end", "a@b", "c@d", "s", "x", HEAD PLAIN "7bit\r\n\r\nx\r\n"},
    {"nothing", "a@b", "c@d", "s", "", HEAD PLAIN "7bit\r\n\r\n"},
    {"dots, tabs and CR", "a@b", "c@d", "s", ".\n..\r\n\tx\ry\n.\n",
     HEAD PLAIN "7bit\r\n\r\n.\r\n..\r\n\txy\r\n.\r\n"},
    {"controls", "a@b", "c@d", "s", "\x1b[2J\x07 \xc2\x9b",
     HEAD PLAIN "7bit\r\n\r\n\\x1b[2J\\x07 \\xc2\\x9b\r\n"},
    {"other letters", "a@b", "c@d", "s", "\xc3\xa4 = \xff \t\n",
     HEAD PLAIN "quoted-printable\r\n\r\n=C3=A4 =3D \\xff =09\r\n"},
    {"names", "J\xc3\xb6rg M <a@b>", "\"C, \\ \" <c@d>",
     "Gr\xc3\xbc\xc3\x9f"
     "e an alle",
     "",
     HEAD "From: =?UTF-8?B?SsO2cmcgTQ==?= <a@b>\r\nTo: \"C, \\\\ \" <c@d>\r\n"
          "Subject: =?UTF-8?B?R3LDvMOfZQ==?= an alle\r\n" TAIL "7bit\r\n\r\n"},
    {"no header is added", "a@b\nBcc: e@f", "x\r\nBcc: e@f <c@d>", "s\r\nBcc: e@f\r\n\r\nbody\x01",
     "",
     HEAD "From: spamgear@host.example\r\nTo: \"x\\\\x0d\\\\nBcc: e@f\" <c@d>\r\n"
          "Subject: s\\x0d\\nBcc: e@f\\x0d\\n\\x0d\\nbody\\x01\r\n" TAIL "7bit\r\n\r\n"},
    {"no address", "", "-oQ/tmp", "=?UTF-8?B?eA==?= x", "",
     HEAD "From: spamgear@host.example\r\nTo: undisclosed-recipients:;\r\n"
          "Subject: =?UTF-8?B?PT9VVEYtOD9CP2VBPT0/PQ==?= x\r\n" TAIL "7bit\r\n\r\n"},
    {"folded", "a@b", "c@d", X60 " " X60 " y  ", "",
     HEAD "From: a@b\r\nTo: c@d\r\nSubject: " X60 "\r\n " X60 " y\r\n" TAIL "7bit\r\n\r\n"},
    {"one long word", "a@b", "c@d", X60 X60, "",
     HEAD "From: a@b\r\nTo: c@d\r\nSubject: =?UTF-8?B?" BASE60 "?=\r\n =?UTF-8?B?" BASE60
          "?=\r\n =?UTF-8?B?eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4?=\r\n" TAIL "7bit\r\n\r\n"},
};

static void write_one(struct strbuf *out, const char *from, const char *to, const char *subject,
                      struct span body)
{
    struct texts list = {0};
    texts_add(&list, to);
    struct message message = {.from = from,
                              .to = &list,
                              .subject = subject,
                              .body = body,
                              .host = "host.example",
                              .id = "one"};
    message_write(out, &message);
    texts_clear(&list);
}

static void test_rows(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct strbuf out = {0};
        write_one(&out, rows[i].from, rows[i].to, rows[i].subject, span_text(rows[i].body));
        test_text(rows[i].name, strbuf_text(&out), rows[i].want);
        strbuf_clear(&out);
    }
    struct strbuf out = {0};
    write_one(&out, "a@b", "c@d", "s", (struct span){"a\0b", 3});
    test_text("NUL", strbuf_text(&out), HEAD PLAIN "7bit\r\n\r\nab\r\n");
    strbuf_clear(&out);
}

/* 5000 bytes in one line arrive whole, in lines that every server takes. */
static void test_long_line(void)
{
    struct strbuf body = {0}, out = {0}, back = {0};
    for (int i = 0; i < 5000; i++)
        strbuf_add_char(&body, (char)('a' + i % 26));
    write_one(&out, "a@b", "c@d", "s", strbuf_span(&body));
    struct span rest = strbuf_span(&out), line;
    bool text = false, soft = true;
    while (span_take_line(&rest, &line)) {
        test_true("short, with CR", line.len <= 77 && span_has_suffix(line, SPAN("\r")));
        if (text && soft) {
            soft = span_has_suffix(line, SPAN("=\r"));
            strbuf_add(&back, line.at, line.len - (soft ? 2 : 1));
        }
        text = text || line.len == 1;
    }
    test_bytes("whole", back.data, back.len, body.data, body.len);
    strbuf_clear(&body);
    strbuf_clear(&out);
    strbuf_clear(&back);
}

static void test_addresses(void)
{
    static const char *const address[][2] = {{"a@b", "a@b"},
                                             {"root", "root"},
                                             {" a@b ", "a@b"},
                                             {"A B <a@b>", "a@b"},
                                             {"\"<x@y>\" <a@b>", "a@b"},
                                             {"a@[192.0.2.1]", "a@[192.0.2.1]"},
                                             {"a@[IPv6:2001:db8::1]", "a@[IPv6:2001:db8::1]"},
                                             {"a.b+c=d@e-f.example", "a.b+c=d@e-f.example"},
                                             {"", NULL},
                                             {"@", NULL},
                                             {"a@", NULL},
                                             {"@b", NULL},
                                             {"<>", NULL},
                                             {"a b@c", NULL},
                                             {"a@b, c@d", NULL},
                                             {"a@b>", NULL},
                                             {"<a@b", NULL},
                                             {"a\r\nRCPT TO:<x@y>", "x@y"},
                                             {"-f@b", NULL},
                                             {"-bs", NULL},
                                             {"a@b@c", NULL},
                                             {"a|b", "a|b"},
                                             {"a(x)@b", NULL},
                                             {"a:b@c", NULL},
                                             {"J\xc3\xb6rg@b", NULL},
                                             {"a@\xc3\xa4", NULL},
                                             {"\"a b\"@c", NULL},
                                             {"a@[x", NULL},
                                             {"x <a@b> y", NULL}};
    for (size_t i = 0; i < sizeof address / sizeof *address; i++) {
        char *got = message_address(span_text(address[i][0]));
        test_text(address[i][0], got == NULL ? "none" : got,
                  address[i][1] == NULL ? "none" : address[i][1]);
        free(got);
    }
    char long_one[256];
    memset(long_one, 'x', 255);
    long_one[255] = '\0';
    test_true("255 bytes", message_address(span_text(long_one)) == NULL);
    test_true("NUL", message_address((struct span){"a\0b", 3}) == NULL);
}

static void put(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    test_true(path, f != NULL && fputs(text, f) >= 0 && fclose(f) == 0);
}

static void test_hosts(void)
{
    static const struct {
        const char *node, *mailname, *resolv, *want;
    } hosts[] = {
        {"a.example", "b.example\n", "", "a.example"},
        {"a", "a.example\n", "search c.example\n", "a.example"},
        {"a", "b.example\n", "", "a.b.example"},
        {"a", "", "nameserver 127.0.0.1\nsearch c.example d.example\n", "a.c.example"},
        {"a", "\n<script>\n", "domain c.example\n", "a.c.example"},
        {"a", "a\n", "", "a"},
        {"a", "", "", "a"},
        {"a b\r\nX", "", "", "localhost"},
        {"", "b.example\n", "", "localhost.b.example"},
    };
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        struct strbuf out = {0};
        put("mailname", hosts[i].mailname);
        put("resolv", hosts[i].resolv);
        message_host_name(&out, hosts[i].node, "mailname", "resolv");
        test_text(hosts[i].want, strbuf_text(&out), hosts[i].want);
        strbuf_clear(&out);
    }
    unlink("mailname");
    unlink("resolv");
    struct strbuf out = {0};
    message_host_name(&out, "a", "mailname", "resolv");
    test_text("no files", strbuf_text(&out), "a");
    strbuf_clear(&out);
    test_true("this host", *message_host() != '\0' && message_host() == message_host());
}

/* No two mails share a Message-ID; a hostile id stays within its brackets. */
static void test_ids(void)
{
    struct strbuf first = {0}, second = {0}, hostile = {0};
    struct message message = {.from = "a@b", .subject = "s", .host = "not a host"};
    message_write(&first, &message);
    message_write(&second, &message);
    test_true("two", strcmp(strbuf_text(&first), strbuf_text(&second)) != 0);
    test_true("this host's", strstr(strbuf_text(&first), message_host()) != NULL);
    message.id = "a>\r\nBcc: x@y";
    message_write(&hostile, &message);
    test_true("hostile", strstr(strbuf_text(&hostile), "<a___Bcc__x_y@") != NULL);
    strbuf_clear(&first);
    strbuf_clear(&second);
    strbuf_clear(&hostile);
}

static void test_dates(void)
{
    static const struct {
        int64_t time;
        const char *want;
    } dates[] = {{1, "Thu, 1 Jan 1970 00:00:01 +0000"},
                 {951782400, "Tue, 29 Feb 2000 00:00:00 +0000"},
                 {951868799, "Tue, 29 Feb 2000 23:59:59 +0000"},
                 {1709251199, "Thu, 29 Feb 2024 23:59:59 +0000"},
                 {1767225599, "Wed, 31 Dec 2025 23:59:59 +0000"},
                 {1767225600, "Thu, 1 Jan 2026 00:00:00 +0000"},
                 {4107542400, "Mon, 1 Mar 2100 00:00:00 +0000"},
                 {1795282389, "Sat, 21 Nov 2026 17:33:09 +0000"}};
    for (size_t i = 0; i < sizeof dates / sizeof *dates; i++) {
        struct strbuf out = {0};
        clock_pin(dates[i].time);
        message_date(&out);
        test_text(dates[i].want, strbuf_text(&out), dates[i].want);
        strbuf_clear(&out);
    }
}

int main(void)
{
    char dir[] = "/tmp/message_test.XXXXXX";
    if (mkdtemp(dir) == NULL || chdir(dir) != 0)
        return 1;
    test_dates();
    test_rows();
    test_long_line();
    test_addresses();
    test_hosts();
    test_ids();
    test_true("folder is empty", rmdir(dir) == 0);
    return test_end();
}
