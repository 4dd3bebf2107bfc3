/* smtp - URLs, replies, the gate, and what is never even tried. Servers are talked to in
 * tests/servers/smtp_test.sh. */
#include "../../core/net/smtp_parts.h"

#include "spamgear/base/mem.h"
#include "test.h"
#include <stdlib.h>

static const struct {
    const char *url, *host;
    unsigned port;
    bool tls;
} urls[] = {
    {"smtp://mail.example", "mail.example", 25, false},
    {"smtp://mail.example:587", "mail.example", 587, false},
    {"smtp://mail.example/", "mail.example", 25, false},
    {"smtps://mail.example", "mail.example", 465, true},
    {"smtps://mail.example:2465", "mail.example", 2465, true},
    {"mail.example", "mail.example", 25, false},
    {"localhost:2525", "localhost", 2525, false},
    {"192.0.2.1", "192.0.2.1", 25, false},
    {"smtp://[2001:db8::1]", "2001:db8::1", 25, false},
    {"smtps://[2001:db8::1]:2465", "2001:db8::1", 2465, true},
    {"[::1]:1", "::1", 1, false},
    {"", NULL, 0, false},
    {"smtp://", NULL, 0, false},
    {"smtp:///", NULL, 0, false},
    {"smtp://:25", NULL, 0, false},
    {"http://mail.example", NULL, 0, false},
    {"smtp://joe:secret@mail.example", NULL, 0, false},
    {"smtp://mail.example:0", NULL, 0, false},
    {"smtp://mail.example:65536", NULL, 0, false},
    {"smtp://mail.example:", NULL, 0, false},
    {"smtp://mail.example:25x", NULL, 0, false},
    {"smtp://mail.example/x", NULL, 0, false},
    {"2001:db8::1", NULL, 0, false},
    {"[2001:db8::1", NULL, 0, false},
    {"[mail.example]", NULL, 0, false},
    {"[::1]25", NULL, 0, false},
    {"mail example", NULL, 0, false},
    {"mail\r\nexample", NULL, 0, false},
    {"-mail.example", NULL, 0, false},
    {"m\xc3\xa4il.example", NULL, 0, false},
};

static void test_urls(void)
{
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        struct smtp_server server = {0};
        struct strbuf why = {0};
        int result = smtp_server_parse(&server, urls[i].url, &why);
        test_number(urls[i].url, result, urls[i].host == NULL ? -1 : 0);
        test_text(urls[i].url, server.host == NULL ? "none" : server.host,
                  urls[i].host == NULL ? "none" : urls[i].host);
        test_number(urls[i].url, server.port, urls[i].port);
        test_true(urls[i].url, server.implicit_tls == urls[i].tls);
        test_true("says why", (why.len > 0) == (result != 0));
        smtp_server_clear(&server);
        strbuf_clear(&why);
    }
}

static const struct {
    const char *bytes;
    int taken, code;
    const char *rest;
    bool offers;
} replies[] = {
    {"220 hi\r\n", 1, 220, "", false},
    {"220\r\n", 1, 220, "", false},
    {"220 hi\n", 1, 220, "", false},
    {"250-a\r\n250-STARTTLS\r\n250 b\r\n", 1, 250, "", true},
    {"250-a\r\n250 starttls\r\n", 1, 250, "", true},
    {"250-a\r\n250 STARTTLS x\r\n", 1, 250, "", true},
    {"250-a\r\n250 STARTTLSX\r\n", 1, 250, "", false},
    {"250-a STARTTLS\r\n250 b\r\n", 1, 250, "", false},
    {"220 go\r\n250 more", 1, 220, "250 more", false},
    {"", 0, 0, "", false},
    {"220 hi", 0, 0, "220 hi", false},
    {"250-a\r\n", 0, 0, "250-a\r\n", false},
    {"250-a\r\n250", 0, 0, "250-a\r\n250", false},
    {"250-a\r\n220 b\r\n", -1, 0, NULL, false},
    {"\r\n", -1, 0, NULL, false},
    {"22 hi\r\n", -1, 0, NULL, false},
    {"2200 hi\r\n", -1, 0, NULL, false},
    {"2x0 hi\r\n", -1, 0, NULL, false},
    {"120 hi\r\n", -1, 0, NULL, false},
    {"620 hi\r\n", -1, 0, NULL, false},
    {" 220 hi\r\n", -1, 0, NULL, false},
    {"SSH-2.0-x\r\n", -1, 0, NULL, false},
};

static void test_replies(void)
{
    for (size_t i = 0; i < sizeof replies / sizeof *replies; i++) {
        struct span rest = span_text(replies[i].bytes);
        struct smtp_reply reply = {0};
        int taken = smtp_reply_take(&rest, &reply);
        test_number(replies[i].bytes, taken, replies[i].taken);
        test_number(replies[i].bytes, reply.code, replies[i].code);
        if (replies[i].rest != NULL)
            test_bytes("the rest", rest.at, rest.len, replies[i].rest, strlen(replies[i].rest));
        if (taken == 1)
            test_true("STARTTLS", smtp_reply_offers(&reply, "STARTTLS") == replies[i].offers);
    }
    struct strbuf text = {0}, line = {0};
    smtp_reply_text(&text, SPAN("550-no\x1b[2J\r\n550 \xff\xc2\x9b\r\n"));
    test_text("escaped", strbuf_text(&text), "550-no\\x1b[2J 550 \\xff\\xc2\\x9b");
    for (int i = 0; i < SMTP_LINE_MAX; i++)
        strbuf_add_text(&line, "2");
    struct span rest = strbuf_span(&line);
    struct smtp_reply reply;
    test_number("may go on", smtp_reply_take(&rest, &reply), 0);
    strbuf_add_char(&line, '2');
    rest = strbuf_span(&line);
    test_number("too long", smtp_reply_take(&rest, &reply), -1);
    strbuf_clear(&text);
    strbuf_clear(&line);
}

#define NONE "it offers no log-in that is known here (PLAIN, LOGIN)"

/* Dialogues, '>' before ours and '<' before the server's; why of the line that ends them. */
static const struct {
    bool wanted;
    const char *lines, *why;
} dialogues[] = {
    {false, ">EHLO a|<250 b|>MAIL FROM:<c>|<250 ok|>RCPT TO:<d>|<250 ok", ""},
    {true, ">EHLO a|<250 b|>AUTH PLAIN x|<235 ok|>MAIL FROM:<c>|<250 ok", ""},
    {true, ">EHLO a|<250 b|>AUTH LOGIN|<334 x|>MAIL|<334 y|>eA==|<235 ok|>MAIL FROM:<c>", ""},
    {true, ">EHLO a|<250 b|>AUTH PLAIN x|<535 no|>AUTH LOGIN|<334 x|>y|<235 ok|>MAIL FROM:<c>", ""},
    {true, ">EHLO a|<250 b|>MAIL FROM:<c>", NONE},
    {true, ">EHLO a|<250 b|>mail FROM:<c>", NONE},
    {true, ">EHLO a|<235 b|>MAIL FROM:<c>", NONE},
    {true, ">AUTH PLAIN x|<535 5.7.8 no|>MAIL FROM:<c>", "it refused the log-in: 535 5.7.8 no"},
    {true, ">AUTH PLAIN x|<250 ok|>MAIL FROM:<c>", "it refused the log-in: 250 ok"},
    {true, ">AUTH PLAIN x|<235-ok|>MAIL FROM:<c>", "it refused the log-in: 235-ok"},
    {true, ">AUTH PLAIN x|>MAIL FROM:<c>", "it refused the log-in: "},
    {false, "<hello", "its answer is no SMTP"},
    {false, "<", "its answer is no SMTP"},
};

static void play(const char *lines, bool wanted, struct strbuf *why)
{
    struct smtp_gate gate = {.wanted = wanted};
    char *copy = mem_text(lines);
    char *rest = copy, *line;
    int result = 0;
    while (result == 0 && (line = strsep(&rest, "|")) != NULL)
        result = *line == '>' ? smtp_gate_command(&gate, span_text(line + 1), why)
                              : smtp_gate_reply(&gate, span_text(line + 1), why);
    strbuf_clear(&gate.refusal);
    free(copy);
}

static void test_gate(void)
{
    for (size_t i = 0; i < sizeof dialogues / sizeof *dialogues; i++) {
        struct strbuf why = {0};
        play(dialogues[i].lines, dialogues[i].wanted, &why);
        test_text(dialogues[i].lines, strbuf_text(&why), dialogues[i].why);
        strbuf_clear(&why);
    }
    struct smtp_gate gate = {0};
    struct strbuf why = {0};
    unsigned heard = 0;
    while (heard < 1000000 && smtp_gate_reply(&gate, SPAN("250 for ever"), &why) == 0)
        heard++;
    test_true("an end", heard > 80000 && heard < 90000);
    test_text("an end", strbuf_text(&why), "it talks without end");
    strbuf_clear(&why);
}

static void test_mechanisms(void)
{
    static const char *const lines[][2] = {{"250-AUTH PLAIN LOGIN\r", "250-AUTH PLAIN LOGIN\r\n"},
                                           {"250 AUTH NTLM LOGIN GSSAPI\r", "250 AUTH LOGIN\r\n"},
                                           {"250-auth=ntlm plain", "250-auth PLAIN\r\n"},
                                           {"250 AUTH PLAINX XLOGIN\r", "250 AUTH\r\n"},
                                           {"250 AUTH \r", "250 AUTH\r\n"},
                                           {"250 AUTH\r", "250 AUTH\r\n"},
                                           {"250 AUTHOR NTLM\r", "250 AUTHOR NTLM\r\n"},
                                           {"250-SIZE 1\r", "250-SIZE 1\r\n"},
                                           {"250", "250\n"}};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct smtp_gate gate = {.wanted = true};
        struct strbuf out = {0};
        smtp_gate_pass(&gate, span_text(lines[i][0]), &out);
        test_text(lines[i][0], strbuf_text(&out), lines[i][1]);
        strbuf_clear(&out);
    }
    struct smtp_gate gate = {.wanted = true, .asked = true};
    struct strbuf out = {0};
    smtp_gate_pass(&gate, SPAN("535 AUTH NTLM failed\r"), &out);
    test_text("an answer", strbuf_text(&out), "535 AUTH NTLM failed\r\n");
    strbuf_clear(&out);
}

#define MAIL "Subject: x\r\n\r\nhello\r\n"

/* Nothing is started: the port is one that nobody could listen on. */
static const struct {
    const char *from, *message, *user, *password, *hello;
    int tls;
    const char *why;
} refused[] = {
    {"a b", MAIL, NULL, NULL, NULL, 0, "the sender is no address"},
    {"a@b>\r\nRCPT TO:<x@y", MAIL, NULL, NULL, NULL, 0, "the sender is no address"},
    {"A <a@b>", MAIL, NULL, NULL, NULL, 0, "the sender is no address"},
    {"a@b", MAIL, "joe", NULL, NULL, 0, "there is a user but no password"},
    {"a@b", MAIL, "joe", "x", NULL, SMTP_TLS_OFF,
     "a password is never sent without TLS, and TLS is off"},
    {"a@b", MAIL, NULL, NULL, "x y", 0, "the name for EHLO is no host name"},
    {"a@b", MAIL, NULL, NULL, "x\r\nMAIL", 0, "the name for EHLO is no host name"},
    {"a@b", MAIL, NULL, NULL, "", 0, "the name for EHLO is no host name"},
};

static void test_refused(void)
{
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct smtp_server server = {.host = (char *)(size_t) "127.0.0.1",
                                     .port = 1,
                                     .tls = (enum smtp_tls)refused[i].tls,
                                     .user = refused[i].user,
                                     .password = refused[i].password,
                                     .hello = refused[i].hello,
                                     .deadline_ms = 1000};
        struct smtp_recipient one = {.address = "c@d"};
        struct strbuf why = {0};
        test_number(
            refused[i].why,
            smtp_send(&server, refused[i].from, span_text(refused[i].message), &one, 1, &why), -1);
        test_text(refused[i].why, strbuf_text(&why), refused[i].why);
        test_number("not tried", one.result, SMTP_NOT_TRIED);
        smtp_recipients_clear(&one, 1);
        strbuf_clear(&why);
    }
}

/* These will never be any better: the caller need not try again. */
static void test_messages(void)
{
    static const char *const messages[][2] = {
        {"Subject: x\n\nhello\n", "the message has no body or does not end with CRLF"},
        {"Subject: x\r\n", "the message has no body or does not end with CRLF"},
        {"Subject: x\r\n\r\na\nb\r\n", "the message has lines that do not end with CRLF"},
        {"Subject: x\r\n\r\na\rb\r\n", "the message has lines that do not end with CRLF"},
        {"Subject: x\r\n\r\na\n.\r\nMAIL\r\n", "the message has lines that do not end with CRLF"},
        {"Subject: x\r\n\r\n\xc3\xa4\r\n", "the message holds other bytes than ASCII"},
    };
    struct smtp_server server = {
        .host = (char *)(size_t) "127.0.0.1", .port = 1, .deadline_ms = 1000};
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++) {
        struct smtp_recipient one = {.address = "c@d"};
        struct strbuf why = {0};
        test_number("refused", smtp_send(&server, "a@b", span_text(messages[i][0]), &one, 1, &why),
                    0);
        test_number(messages[i][0], one.result, SMTP_REFUSED);
        test_text(messages[i][0], one.text, messages[i][1]);
        smtp_recipients_clear(&one, 1);
        strbuf_clear(&why);
    }
}

static void test_recipients(void)
{
    static const char *const addresses[] = {"c d", "-c@d", "c@d\r\nDATA", "", "<c@d>", "c@d,e@f"};
    struct smtp_server server = {
        .host = (char *)(size_t) "127.0.0.1", .port = 1, .deadline_ms = 1000};
    struct strbuf why = {0};
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        struct smtp_recipient one = {.address = addresses[i]};
        test_number(addresses[i], smtp_send(&server, "", SPAN(MAIL), &one, 1, &why), 0);
        test_number(addresses[i], one.result, SMTP_REFUSED);
        test_text(addresses[i], one.text, "is no address");
        smtp_recipients_clear(&one, 1);
    }
    struct smtp_recipient one = {.address = "c@d"};
    char long_word[SMTP_WORD_MAX + 2];
    memset(long_word, 'x', sizeof long_word - 1);
    long_word[sizeof long_word - 1] = '\0';
    server.user = "joe";
    server.password = long_word;
    test_number("a long password", smtp_send(&server, "", SPAN(MAIL), &one, 1, &why), -1);
    test_text("a long password", strbuf_text(&why), "user or password has more than 255 bytes");
    strbuf_clear(&why);
}

int main(void)
{
    test_urls();
    test_replies();
    test_gate();
    test_mechanisms();
    test_refused();
    test_messages();
    test_recipients();
    return test_end();
}
