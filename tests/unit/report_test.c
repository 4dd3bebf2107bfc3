/* report - the lines people grep for, byte by byte; JSON that is one object a line; metrics that
 * a collector reads; all with names that an attacker chose. */
#include "spamgear/report/report.h"

#include "json_valid.h"
#include "test.h"
#include <stdlib.h>
#include <time.h>

#define EVIL                                                                                       \
    "ev\x1b[31m\"\\\n\xff"                                                                         \
    "l"

static struct evidence second = {
    .file = "/var/log/mail\n.log", .line = {"line two", sizeof "line two" - 1}, .offset = 77};
static struct evidence first = {.file = "/var/log/mail.log",
                                .line = {"li\x1bne \"one\"\xff", sizeof "li\x1bne \"one\"\xff" - 1},
                                .offset = 5,
                                .next = &second};

/* Ann, over, with networks; somebody evil, without clients. */
static void fill(struct report *report)
{
    *report = (struct report){.applet = "postfix-spam-check",
                              .limit = 90,
                              .since = 1795280400,
                              .until = 1795284000,
                              .senders_seen = 12,
                              .failed = 4,
                              .counts = {.lines = 1000, .events = 230, .unparsed = 3}};
    strbuf_add_text(&report->during, "During the last 1 hour");
    strbuf_add_text(&report->networks, "networks by domain, else /24 and /48");
    texts_add(&report->files, "/var/log/mail\".log");
    struct report_sender *ann = vec_add(&report->senders);
    *ann = (struct report_sender){.sender = {.kind = SENDER_SASL,
                                             .name = SPAN("ann@example.org"),
                                             .messages = 120,
                                             .recipients = 340,
                                             .failed = 2,
                                             .first = 1795280400,
                                             .last = 1795284000,
                                             .evidence = &first},
                                  .has_clients = true,
                                  .addresses = 7,
                                  .networks = 3,
                                  .unknown = 2,
                                  .webmail = 9,
                                  .count = 120,
                                  .limit = 100,
                                  .over = true};
    *vec_add(&ann->top) = (struct report_network){mem_text("isp\".example"), 100, 5};
    *vec_add(&ann->top) = (struct report_network){mem_text("192.0.2.0/24"), 20, 2};
    *vec_add(&report->senders) = (struct report_sender){
        .sender = {.kind = SENDER_LOCAL, .name = SPAN(EVIL), .messages = 95, .recipients = 95},
        .count = 95,
        .limit = 90};
}

typedef void writer(const struct report *report, FILE *out);

static void written(writer *write, const struct report *report, struct strbuf *got)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    write(report, out);
    fclose(out);
    strbuf_reset(got);
    strbuf_add(got, text, len);
    free(text);
}

static void test_people(void)
{
    struct report report;
    struct strbuf got = {0};
    fill(&report);
    written(report_text, &report, &got);
    test_text("text", strbuf_text(&got),
              "During the last 1 hour the following senders have made at least 90 SMTP "
              "connections.\n"
              "\n"
              "120 (3 nets/2 unknowns/7 IPs/9 webmail) -- li\\x1bne \"one\"\\xff\n"
              "95 -- ev\\x1b[31m\"\\\\n\\xffl\n");
    report.by_recipients = report.headings = true;
    report.senders.at[0].sender.kind = SENDER_SCRIPT;
    written(report_text, &report, &got);
    test_text("with headings", strbuf_text(&got),
              "During the last 1 hour the following senders have made at least 90 deliveries to "
              "recipients.\n"
              "\n"
              "Local users:\n"
              "95 -- ev\\x1b[31m\"\\\\n\\xffl\n"
              "Scripts:\n"
              "120 (3 nets/2 unknowns/7 IPs/9 webmail) -- li\\x1bne \"one\"\\xff\n");
    report.headings = report.by_recipients = false;
    report.all = true;
    written(report_text, &report, &got);
    test_text("all, with their limits", strbuf_text(&got),
              "During the last 1 hour the following senders have made SMTP connections.\n"
              "\n"
              "120 (3 nets/2 unknowns/7 IPs/9 webmail) [limit 100] -- li\\x1bne \"one\"\\xff\n"
              "95 [limit 90] -- ev\\x1b[31m\"\\\\n\\xffl\n");
    report_clear(&report);
    written(report_text, &report, &got);
    test_text("nobody, nothing", strbuf_text(&got), "");
    strbuf_clear(&got);
}

static void test_has(const char *text, const char *part)
{
    test_checked++;
    if (strstr(text, part) == NULL) {
        test_failed++;
        printf("FAIL no %s in\n%s\n", part, text);
    }
}

/* Splits at newlines; each line is an object of its own. */
static unsigned objects(char *text)
{
    unsigned lines = 0;
    for (char *line = text, *end; (end = strchr(line, '\n')) != NULL; line = end + 1, lines++)
        test_true("valid JSON", *line == '{' && json_is_valid(line, (size_t)(end - line)));
    return lines;
}

static const char *const ann_members[] = {
    "{\"schema\":1,\"applet\":\"postfix-spam-check\",\"kind\":\"sasl\","
    "\"sender\":\"ann@example.org\",\"messages\":120,\"recipients\":340,\"addresses\":7,"
    "\"networks\":3,\"unknown\":2,",
    "\"webmail\":9,\"failed\":2,",
    "\"limit\":100,\"over\":true,\"first\":\"2026-11-21T17:00:00+00:00\","
    "\"last\":\"2026-11-21T18:00:00+00:00\",\"top_networks\":["
    "{\"network\":\"isp\\\".example\",\"messages\":100,\"addresses\":5},"
    "{\"network\":\"192.0.2.0/24\",\"messages\":20,\"addresses\":2}],"
    "\"evidence\":[{\"file\":\"/var/log/mail.log\",\"offset\":5,"
    "\"line\":\"li\\u001bne \\\"one\\\"\xef\xbf\xbd\"},"
    "{\"file\":\"/var/log/mail\\n.log\",\"offset\":77,\"line\":\"line two\"}]}\n",
    "\"kind\":\"local\",\"sender\":\"ev\\u001b[31m\\\"\\\\\\n\xef\xbf\xbdl\",\"messages\":95,",
    "\"over\":false,",
    "\n{\"schema\":1,\"summary\":{\"applet\":\"postfix-spam-check\","
    "\"files\":[\"/var/log/mail\\\".log\"],\"window\":{\"since\":\"2026-11-21T17:00:00+00:00\","
    "\"until\":\"2026-11-21T18:00:00+00:00\"},\"lines\":1000,",
    "\"events\":230,\"unparsed\":3,",
};

static void test_json(void)
{
    struct report report;
    struct strbuf got = {0};
    fill(&report);
    written(report_json, &report, &got);
    test_number("objects", objects(got.data), 3);
    for (size_t i = 0; i < sizeof ann_members / sizeof *ann_members; i++)
        test_has(got.data, ann_members[i]);
    report.open_end = true;
    report.senders.at[1].sender.messages = 0; /* asked for by name; only failed log-ins */
    written(report_json, &report, &got);
    objects(got.data);
    test_has(got.data, "\"until\":null}");
    test_has(got.data, "\"first\":null,\"last\":null,");
    report_clear(&report);
    written(report_json, &report, &got);
    test_number("nobody: the summary alone", objects(got.data), 1);
    strbuf_clear(&got);
}

/* A sample line of the exposition format: NAME{LABELS} VALUE, quotes and backslashes paired. */
static bool is_sample(const char *line, size_t len)
{
    const char *at = line, *end = line + len;
    bool quoted = false;
    at += strspn(at, "abcdefghijklmnopqrstuvwxyz_");
    if (at == line || *at++ != '{')
        return false;
    for (; at < end && (quoted || *at != '}'); at++) {
        if ((unsigned char)*at < 0x20)
            return false;
        if (quoted && *at == '\\' && (++at == end || strchr("\\\"n", *at) == NULL))
            return false;
        else if (at[0] == '"' && at[-1] != '\\')
            quoted = !quoted;
    }
    if (end - at < 3 || at[1] != ' ')
        return false;
    return strspn(at + 2, "0123456789") == (size_t)(end - at - 2);
}

static unsigned samples(const char *text)
{
    unsigned count = 0;
    for (const char *end; (end = strchr(text, '\n')) != NULL; text = end + 1) {
        if (strncmp(text, "# HELP ", 7) == 0 || strncmp(text, "# TYPE ", 7) == 0)
            continue;
        test_true("a sample", is_sample(text, (size_t)(end - text)));
        count++;
    }
    test_text("ends in a newline", text, "");
    return count;
}

static void test_metrics(void)
{
    struct report report;
    struct strbuf got = {0};
    fill(&report);
    written(report_metrics, &report, &got);
    test_number("samples", samples(strbuf_text(&got)), 8 * 2 + 5);
    test_has(strbuf_text(&got),
             "# HELP spamgear_sender_messages Messages accepted from the sender in the window.\n"
             "# TYPE spamgear_sender_messages gauge\n"
             "spamgear_sender_messages{applet=\"postfix-spam-check\",kind=\"sasl\","
             "sender=\"ann@example.org\"} 120\n");
    test_has(strbuf_text(&got), "sender=\"ev\\\\x1b[31m\\\"\\\\\\\\n\\\\xffl\"} 95\n");
    test_has(strbuf_text(&got), "spamgear_sender_over_limit{applet=\"postfix-spam-check\","
                                "kind=\"sasl\",sender=\"ann@example.org\"} 1\n");
    test_has(strbuf_text(&got), "spamgear_lines{applet=\"postfix-spam-check\"} 1000\n");
    report_clear(&report);
    strbuf_clear(&got);
}

/* Two series of the same labels make a collector refuse the whole file: names that differ must
 * stay different, also where one spells what the other's bytes are escaped as. */
static void test_metrics_distinct(void)
{
    static const char *const names[] = {"a\x1b", "a\\x1b", "a\\\x1b", "a\\\\x1b", "a\\x5cx1b",
                                        "a\n",   "a\\n",   "a\\\\n",  "a\xff",    "a\\xff"};
    size_t count = sizeof names / sizeof *names;
    struct strbuf got[sizeof names / sizeof *names] = {{0}};
    for (size_t i = 0; i < count; i++) {
        struct report report = {.applet = "x"};
        *vec_add(&report.senders) = (struct report_sender){.sender = {.name = span_text(names[i])}};
        written(report_metrics, &report, &got[i]);
        report_clear(&report);
        for (size_t n = 0; n < i; n++)
            test_true(names[i], strcmp(strbuf_text(&got[i]), strbuf_text(&got[n])) != 0);
    }
    for (size_t i = 0; i < count; i++)
        strbuf_clear(&got[i]);
}

/* What came of -d: of a line that somebody may have written to look like it. */
static void react_to(struct report_sender *s, enum react_result result, int64_t id,
                     const char *line)
{
    s->handed = true;
    s->reaction = (struct react_outcome){.result = result, .case_id = id};
    texts_add(&s->reaction.lines, line);
}

static const struct {
    enum react_result result;
    const char *name, *want;
} marks[] = {
    {REACT_DISABLED, "disabled", "90 -- x [DISABLED]\n    case 7: d\\x1bne\n"},
    {REACT_PARTLY, "partly", "90 -- x [PARTLY DISABLED]\n    case 7: d\\x1bne\n"},
    {REACT_FAILED, "failed", "90 -- x [NOT DISABLED]\n    case 7: d\\x1bne\n"},
    {REACT_STANDING, "standing", "90 -- x [DISABLED]\n    case 7: d\\x1bne\n"},
    {REACT_WOULD, "would", "90 -- x\n    case 7: d\\x1bne\n"},
    {REACT_REFUSED, "refused", "90 -- x\n    case 7: d\\x1bne\n"},
};

static void test_marks(void)
{
    struct strbuf got = {0}, member = {0};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        struct report report = {.applet = "x", .reacts = true};
        struct report_sender *s = vec_add(&report.senders);
        *s = (struct report_sender){.sender = {.name = SPAN("x"), .messages = 90}, .count = 90};
        react_to(s, marks[i].result, 7, "d\x1bne");
        written(report_text, &report, &got);
        test_has(strbuf_text(&got), marks[i].want);
        written(report_json, &report, &got);
        objects(got.data);
        strbuf_reset(&member);
        strbuf_format(&member, ",\"reaction\":{\"result\":\"%s\",\"case\":7,\"lines\":[",
                      marks[i].name);
        test_has(strbuf_text(&got), strbuf_text(&member));
        written(report_metrics, &report, &got);
        strbuf_reset(&member);
        strbuf_format(&member, "spamgear_reactions{applet=\"x\",result=\"%s\"} 1\n", marks[i].name);
        test_has(strbuf_text(&got), strbuf_text(&member));
        test_number("a sample each result", samples(strbuf_text(&got)), 8 + 5 + REACT_RESULTS);
        report_clear(&report);
    }
    strbuf_clear(&got);
    strbuf_clear(&member);
}

/* --top leaves out nobody who was handed to react. */
static void test_cut(void)
{
    struct report report;
    struct strbuf got = {0};
    fill(&report);
    react_to(&report.senders.at[1], REACT_WOULD, 0, "would: lock");
    report.reacts = true;
    written(report_json, &report, &got);
    test_has(strbuf_text(&got), "}],\"reaction\":null}");
    test_has(strbuf_text(&got), "\"reaction\":{\"result\":\"would\",\"case\":null,\"lines\":"
                                "[\"would: lock\"]}}");
    written(report_text, &report, &got);
    test_has(strbuf_text(&got), "\\xffl\n    would: lock\n");
    report.senders.at[1].sender.name = SPAN("x [DISABLED]");
    written(report_text, &report, &got);
    test_has(strbuf_text(&got), "-- x [DISABLED\\x5d\n    would: lock\n");
    report_cut(&report, 0);
    test_number("all stay", (int64_t)report.senders.len, 2);
    report_cut(&report, 1);
    test_number("the first, and who was handed over", (int64_t)report.senders.len, 2);
    report.senders.at[1].handed = false;
    report_cut(&report, 1);
    test_number("the first", (int64_t)report.senders.len, 1);
    report_clear(&report);
    strbuf_clear(&got);
}

int main(void)
{
    setenv("TZ", "UTC", 1);
    tzset();
    test_people();
    test_json();
    test_metrics();
    test_metrics_distinct();
    test_marks();
    test_cut();
    return test_end();
}
