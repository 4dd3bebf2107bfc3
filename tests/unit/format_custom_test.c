/* format_custom - patterns of the config: groups into events, tags, times, every way to say no,
 * and settings that are refused. */
#include "spamgear/log/format_custom.h"

#include "spamgear/base/clock.h"
#include "spamgear/log/harvest.h"
#include "spamgear/match/regex.h"

#include "test.h"
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define NOW 1795284000 /* 2026-11-21 18:00:00 UTC */

/* Splits the stamp off as the engine does. */
static struct log_line line_of(struct span whole)
{
    struct log_line line = {.whole = whole, .rest = whole, .shape = STAMP_BARE};
    struct stamp stamp;
    struct stamp_clock clock;
    stamp_clock_init(&clock, NOW);
    line.time = stamp_read(&clock, whole, &stamp, &line.rest);
    if (line.time == STAMP_NONE)
        line.rest = whole;
    else
        line.shape = stamp.shape;
    return line;
}

static void add_field(struct strbuf *out, const char *name, struct span value)
{
    if (value.len > 0) {
        strbuf_format(out, " %s=", name);
        strbuf_add_span(out, value);
    }
}

/* The result and the event in one text. */
static char *shown(const struct log_format *format, const char *text)
{
    struct event event;
    const char *reason;
    struct strbuf out = {0};
    struct log_line line = line_of(span_text(text));
    enum parse_result result = format_custom_explain(format, &line, &event, &reason);
    if (result != PARSE_EVENT) {
        strbuf_add_text(&out, reason);
        return strbuf_take(&out);
    }
    add_field(&out, sender_kind_name(event.sender_kind), event.sender);
    add_field(&out, "client", event.client);
    add_field(&out, "name", event.client_name);
    add_field(&out, "addr", event.client_addr);
    add_field(&out, "uid", event.uid);
    if (event.recipients > 0)
        strbuf_format(&out, " rcpts=%u", event.recipients);
    if (event.repeat != 1)
        strbuf_format(&out, " repeat=%u", event.repeat);
    if (event.time != 0)
        strbuf_format(&out, " time=%lld", (long long)event.time);
    return strbuf_take(&out);
}

#define MTA "sent mail by (?<user>.*?) from (?<client>\\S+)(?: for (?<rcpts>.*))?$"
#define OWN "user=(?<user>\\S+) ok-sent name=(?<name>\\S*) \\[(?<client>\\S*)\\]"

static const struct {
    struct format_custom_settings settings;
    const char *line, *want;
} lines[] = {
    /* a program of syslog */
    {{.pattern = MTA, .tag = "mymta"},
     "Nov 21 17:00:00 mx mymta[12]: sent mail by bob from h.example[192.0.2.1] for a@b, c@d",
     " sasl=bob client=h.example[192.0.2.1] name=h.example addr=192.0.2.1 rcpts=2"},
    {{.pattern = MTA, .tag = "mymta"},
     "<22>1 2026-11-21T17:00:00Z mx mymta 12 - - sent mail by bob from 192.0.2.1:4711 for 3",
     " sasl=bob client=192.0.2.1:4711 addr=192.0.2.1 rcpts=3"},
    {{.pattern = MTA, .tag = "mymta", .kind = "webmail"},
     "2026-11-21T17:00:00+00:00 mx mymta: sent mail by a b from [IPv6:2001:db8::1] for a@b c@d e",
     " webmail=a b client=[IPv6:2001:db8::1] addr=2001:db8::1 rcpts=3"},
    {{.pattern = MTA, .tag = "mymta"},
     "Nov 21 17:00:00 mx mymta: message repeated 3 times: [ sent mail by bob from 192.0.2.1]",
     " sasl=bob client=192.0.2.1 addr=192.0.2.1 repeat=3"},
    {{.pattern = MTA, .tag = "mymta"},
     "Nov 21 17:00:00 mx other[12]: sent mail by bob from 192.0.2.1",
     "another program's tag"},
    {{.pattern = MTA, .tag = "my/"},
     "Nov 21 17:00:00 mx my/mta[12]: sent mail by bob from 192.0.2.1",
     " sasl=bob client=192.0.2.1 addr=192.0.2.1"},
    {{.pattern = MTA, .tag = "my/"},
     "Nov 21 17:00:00 mx mymta[12]: sent mail by bob from 192.0.2.1",
     "another program's tag"},
    /* forged: the pattern's text stands in another program's words, or not at the start */
    {{.pattern = MTA, .tag = "mymta"},
     "Nov 21 17:00:00 mx x: mymta[12]: sent mail by bob from 192.0.2.1",
     "another program's tag"},
    {{.pattern = MTA, .tag = "mymta"},
     "Nov 21 17:00:00 mx mymta[12]: refused: sent mail by bob from 192.0.2.1",
     "the pattern does not match"},
    {{.pattern = MTA, .tag = "mymta"},
     "2026-11-21 17:00:00 sent mail by bob from 192.0.2.1",
     "not a line of syslog with host and tag"},
    {{.pattern = MTA, .tag = "mymta"},
     "Nov 21 17:00:00 mx mymta[12]: started",
     "the literal is not in the line"},
    {{.pattern = MTA, .tag = "mymta"},
     "Nov 21 17:00:00 mx mymta[12]: sent mail by  from 192.0.2.1",
     "the pattern matches, but names no sender"},
    /* a file of its own */
    {{.pattern = OWN},
     "2026-11-21 17:00:00 user=bob ok-sent name=h.example [192.0.2.1]",
     " sasl=bob client=h.example [192.0.2.1 name=h.example addr=192.0.2.1"},
    {{.pattern = OWN}, "[21-Nov-2026 17:00:00 +0000]: user=bob ok-sent name= []", " sasl=bob"},
    {{.pattern = OWN},
     "2026-11-21 17:00:00 user=bob ok-sent name=x [not.an.address]",
     " sasl=bob client=x [not.an.address name=x"},
    {{.pattern = OWN, .literal = "user=b"},
     "2026-11-21 17:00:00 user=eve ok-sent name=x []",
     "the pattern matches, but the literal is not in the line: the line is never read"},
    {{.pattern = "sent (?<client>.*)", .kind = "host"},
     "2026-11-21 17:00:00 sent mail.example (192.0.2.9)",
     " host=192.0.2.9 client=mail.example (192.0.2.9) name=mail.example addr=192.0.2.9"},
    {{.pattern = "sent (?<client>.*)", .kind = "host"},
     "2026-11-21 17:00:00 sent h[x:1]",
     " host=h[x:1] client=h[x:1]"},
    /* scripts and uids */
    {{.pattern = "mail from (?<script>/\\S+)(?: uid=(?<uid>\\d+))?"},
     "2026-11-21 17:00:00 mail from /srv/www/x.php uid=33",
     " script=/srv/www/x.php uid=33"},
    {{.pattern = "mail from uid=(?<uid>\\S+)"},
     "2026-11-21 17:00:00 mail from uid=33",
     " local=uid=33 uid=33"},
    {{.pattern = "mail from user (?<uid>\\S+)"},
     "2026-11-21 17:00:00 mail from user 33",
     " local=33 uid=33"},
    {{.pattern = "mail from uid=(?<uid>\\S+)"},
     "2026-11-21 17:00:00 mail from uid=bob",
     "the pattern matches, but names no sender"},
    {{.pattern = "sent (?<user>\\w+)|sent uid=(?<uid>\\d+)", .literal = "sent"},
     "2026-11-21 17:00:00 sent uid=5",
     " sasl=uid"},
    {{.pattern = "sent (?:(?<user>\\w+)$|uid=(?<uid>\\d+))"},
     "2026-11-21 17:00:00 sent uid=5",
     " local=uid=5 uid=5"},
    /* a time of its own */
    {{.pattern = "(?<user>\\w+)\\|sent\\|(?<time>.*)"},
     "bob|sent|2026-11-21 17:00:01",
     " sasl=bob time=1795280401"},
    {{.pattern = "(?<user>\\w+)\\|sent\\|(?<time>.*)"},
     "bob|sent|Dec 24 17:00:01",
     " sasl=bob time=1766595601"}, /* last year's */
    {{.pattern = "(?<user>\\w+)\\|sent\\|(?<time>.*)"},
     "bob|sent|yesterday",
     "the pattern matches, but its time cannot be read"},
    {{.pattern = "(?<time>\\S+) (?<user>\\w+) sent"},
     "2026-11-21T17:00:01Z bob sent",
     " sasl=bob time=1795280401"},
    /* limits */
    {{.pattern = "sent (?<user>(a+)+)$"},
     "2026-11-21 17:00:00 sent aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!",
     "the pattern gave up: it needs too many steps"},
};

static void test_lines(void)
{
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct strbuf why = {0};
        const struct log_format *format = format_custom("mine", &lines[i].settings, &why);
        test_text(lines[i].line, strbuf_text(&why), "");
        if (format != NULL) {
            char *got = shown(format, lines[i].line);
            test_text(lines[i].line, got, lines[i].want);
            free(got);
        }
        format_custom_free(format);
        strbuf_clear(&why);
    }
    char *got = shown(format_find("postfix"), "Nov 21 17:00:00 mx other: x");
    test_text("built-in", got, "none of the format's literals is in the line");
    free(got);
}

static const struct {
    const char *name;
    struct format_custom_settings settings;
    const char *why;
} refused[] = {
    {"a b", {.pattern = MTA}, "a format's name is made of letters, digits, - _ ."},
    {"", {.pattern = MTA}, "a format's name is made of letters, digits, - _ ."},
    {"postfix", {.pattern = MTA}, "there is a built-in format of that name"},
    {"a", {.tag = "x"}, "a format needs a pattern"},
    {"a", {.pattern = "(?<user>abc"}, "pattern: offset 11: missing closing parenthesis"},
    {"a",
     {.pattern = "(?<usr>.*) sent"},
     "pattern: group \"usr\" is none of time, user, client, name, rcpts, script, uid"},
    {"a",
     {.pattern = "(?<client>.*) sent"},
     "pattern: needs a group user, script or uid, that names the sender"},
    {"a",
     {.pattern = "(?<user>.*)"},
     "no text can be told from the pattern that every line has: give one as literal"},
    {"a", {.pattern = "(?<user>.*)", .literal = ""}, "literal is empty"},
    {"a", {.pattern = MTA, .kind = "mail"}, "kind is sasl, local, host, webmail or script"},
    {"a", {.pattern = MTA, .tag = "x[1]"}, "tag is a syslog tag, without [pid] and colon"},
    {"a", {.pattern = MTA, .tag = ""}, "tag is a syslog tag, without [pid] and colon"},
};

static void test_refused(void)
{
    struct strbuf why = {0};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        test_true(refused[i].why,
                  format_custom(refused[i].name, &refused[i].settings, &why) == NULL);
        test_text(refused[i].name, strbuf_text(&why), refused[i].why);
    }
    struct format_custom_settings settings = {0};
    test_number("set", format_custom_set(&settings, "tag", "x", &why), 0);
    test_text("is set", settings.tag, "x");
    test_number("no such key", format_custom_set(&settings, "patern", "x", &why), -1);
    test_text("says which", strbuf_text(&why),
              "a format has no \"patern\": pattern, literal, tag, kind, summary");
    struct strbuf many = {0};
    for (int i = 0; i < 64; i++)
        strbuf_add_text(&many, "()");
    strbuf_add_text(&many, "sent (?<user>.*)");
    settings.pattern = strbuf_text(&many);
    test_true("too many groups", format_custom("a", &settings, &why) == NULL);
    test_text("says so", strbuf_text(&why), "pattern: more than 63 groups");
    strbuf_clear(&many);
    strbuf_clear(&why);
}

static void count_event(void *state, const struct event *event, const struct source *source)
{
    struct strbuf *out = state;
    (void)source;
    strbuf_add_span(out, event->sender);
    strbuf_format(out, " %lld\n", (long long)event->time);
}

/* Through the engine: the group's time decides about the window, wherever it stands. */
static void test_own_time(const char *path)
{
    static const char text[] = "bob|sent|2026-11-21 16:59:59\nbob|sent|2026-11-21 17:00:00\n"
                               "2020-01-01 00:00:00 x\nann|sent|2026-11-21 17:30:00\n"
                               "eve|sent|2026-11-21 18:00:01\nold|sent|2026-11-20 17:00:00\n";
    struct format_custom_settings settings = {.pattern = "(?<user>\\w+)\\|sent\\|(?<time>.*)"};
    const struct log_format *format = format_custom("mine", &settings, NULL);
    struct strbuf out = {0}, why = {0};
    FILE *file = fopen(path, "w");
    test_true("file", file != NULL && fputs(text, file) >= 0 && fclose(file) == 0);
    struct harvest harvest = {.formats = &format, .formats_len = 1, .threads = 1};
    harvest.window = (struct window){.since = NOW - 3600, .until = NOW, .slack_s = 120};
    harvest.sink = (struct harvest_sink){&out, count_event};
    struct source *source = source_open(path, &why);
    test_number("harvest", harvest_source(&harvest, source, &why), 0);
    test_text("no trouble", strbuf_text(&why), "");
    test_text("events", strbuf_text(&out), "bob 1795280400\nann 1795282200\n");
    source_close(source);
    format_custom_free(format);
    strbuf_clear(&out);
    strbuf_clear(&why);
}

int main(void)
{
    char path[] = "/tmp/format-test-XXXXXX";
    setenv("TZ", "UTC", 1);
    tzset();
    clock_pin(NOW);
    int fd = mkstemp(path);
    test_true("a file", fd >= 0);
    close(fd);
    test_lines();
    test_refused();
    test_own_time(path);
    format_custom_free(NULL);
    unlink(path);
    regex_clear_all();
    return test_end();
}
