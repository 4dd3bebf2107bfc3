/* log_format - `spamgear log-format list` and `log-format test NAME FILE`.
 *
 * The second shows line by line what a format makes of a log, as the checkers would, and why
 * it makes nothing of the others; so a pattern of the config can be tried before anything
 * depends on it.
 */
#include "shared/custom_formats.h"
#include "spamgear/base/diag.h"
#include "spamgear/base/text.h"
#include "spamgear/cli/applet.h"
#include "spamgear/log/format_custom.h"
#include "spamgear/log/reader.h"
#include <inttypes.h>
#include <stdio.h>

enum show { SHOW_ALL, SHOW_MATCHED, SHOW_MISSED, SHOW_NONE };

struct log_format_settings {
    int show;
};

/* ---- list ---- */

static int list_formats(const struct custom_formats *formats)
{
    size_t len;
    const struct log_format *const *built_in = format_all(&len);
    for (size_t i = 0; i < len; i++)
        printf("%-20s %s\n", built_in[i]->name, built_in[i]->summary);
    for (size_t i = 0; i < formats->list.len; i++) {
        const struct custom_format *custom = &formats->list.at[i];
        struct strbuf line = {0};
        strbuf_format(&line, "%-20s %s (%s:%u)", custom->format->name, custom->format->summary,
                      custom->entry->file, custom->entry->line);
        struct strbuf clean = {0};
        text_escape(&clean, strbuf_span(&line));
        puts(strbuf_text(&clean));
        strbuf_clear(&line);
        strbuf_clear(&clean);
    }
    return 0;
}

/* ---- test ---- */

#define REASONS_MAX 24 /* more than there are */

struct test {
    const struct log_format *format;
    enum show show;
    struct strbuf out; /* one line of output */
    uint64_t lines, matched;
    struct {
        const char *reason;
        uint64_t lines;
    } reasons[REASONS_MAX];
};

static void count_reason(struct test *test, const char *reason)
{
    size_t i = 0;
    while (i < REASONS_MAX - 1 && test->reasons[i].reason != NULL &&
           test->reasons[i].reason != reason)
        i++;
    test->reasons[i].reason = reason;
    test->reasons[i].lines++;
}

static void add_field(struct strbuf *out, const char *name, struct span value)
{
    if (value.len == 0)
        return;
    strbuf_format(out, " %s=", name);
    text_json(out, value);
}

static void add_event(struct strbuf *out, const struct event *event, int64_t time)
{
    static const char *const kinds[] = {[EVENT_ACCEPTED] = "accepted",
                                        [EVENT_RECIPIENTS] = "recipients",
                                        [EVENT_DELIVERED] = "delivered",
                                        [EVENT_FAILED] = "failed",
                                        [EVENT_REJECTED] = "rejected"};
    char stamp[32];
    stamp_format(event->time != 0 ? event->time : time, stamp);
    strbuf_format(out, "%s %s", stamp, kinds[event->kind]);
    add_field(out, sender_kind_name(event->sender_kind), event->sender);
    add_field(out, "uid", event->uid);
    add_field(out, "client", event->client);
    add_field(out, "name", event->client_name);
    add_field(out, "address", event->client_addr);
    add_field(out, "queue-id", event->queue_id);
    if (event->recipients > 0)
        strbuf_format(out, " recipients=%u", event->recipients);
    if (event->repeat > 1)
        strbuf_format(out, " repeated=%u", event->repeat);
}

/* Reads the stamp as the engine does; false when the line cannot be dated. */
static bool date_line(const struct test *test, struct stamp_clock *clock, struct log_line *line)
{
    struct stamp stamp = {0};
    line->time = stamp_read(clock, line->whole, &stamp, &line->rest);
    line->shape = stamp.shape;
    if (line->time != STAMP_NONE)
        return true;
    line->time = clock->newest;
    line->shape = STAMP_BARE;
    line->rest = line->whole;
    return test->format->undated_ok;
}

static void test_line(struct test *test, struct stamp_clock *clock, struct span text)
{
    struct log_line line = {.whole = text};
    struct event event;
    enum parse_result result = PARSE_FOREIGN;
    const char *reason = "no time that can be read at its start";
    if (date_line(test, clock, &line))
        result = format_custom_explain(test->format, &line, &event, &reason);
    bool matched = result == PARSE_EVENT;
    test->lines++;
    test->matched += matched;
    count_reason(test, reason);
    if (test->show == SHOW_NONE || test->show == (matched ? SHOW_MISSED : SHOW_MATCHED))
        return;
    strbuf_reset(&test->out);
    strbuf_format(&test->out, "%" PRIu64 ": ", test->lines);
    if (matched) {
        add_event(&test->out, &event, line.time);
    } else {
        strbuf_format(&test->out, "no: %s: ", reason);
        text_escape(&test->out, text);
    }
    puts(strbuf_text(&test->out));
}

static void test_block(struct test *test, const struct block *block)
{
    struct stamp_clock clock = block->clock;
    struct span rest = {block->data, block->len};
    while (rest.len > 0) {
        const char *newline = memchr(rest.at, '\n', rest.len);
        struct span line = newline == NULL ? rest : span_of(rest.at, newline);
        rest = span_skip(rest, line.len + (newline != NULL));
        if (span_has_suffix(line, SPAN("\r")))
            line.len--;
        test_line(test, &clock, line);
    }
}

/* Everything that could be read is tested, also before a source that fails. */
static void test_source(struct test *test, struct source *source)
{
    struct window window = {.since = 0, .until = INT64_MAX, .full = true};
    struct reader reader;
    struct block block;
    struct strbuf why = {0};
    int result;
    block_init(&block, source);
    reader_open(&reader, source, &window);
    while ((result = reader_next(&reader, &block, &why)) > 0)
        test_block(test, &block);
    if (result < 0)
        diag_error("%s", strbuf_text(&why));
    if (reader.too_long > 0)
        diag_error("%s: %" PRIu64 " lines longer than %d bytes left out", source->name,
                   reader.too_long, READER_LINE_MAX);
    reader_close(&reader);
    block_clear(&block);
    strbuf_clear(&why);
}

static void print_literals(const struct log_format *format)
{
    struct strbuf out = {0};
    strbuf_format(&out, "Lines of format %s hold", format->name);
    for (size_t i = 0; i < FORMAT_NEEDLES && format->needles[i] != NULL; i++) {
        strbuf_add_text(&out, i > 0 ? " or " : " ");
        text_json(&out, span_text(format->needles[i]));
    }
    for (size_t i = 0; i < FORMAT_NEEDLES && format->joins[i] != NULL; i++) {
        strbuf_add_text(&out, " or ");
        text_json(&out, span_text(format->joins[i]));
    }
    printf("%s.\n", strbuf_text(&out));
    strbuf_clear(&out);
}

static void print_summary(const struct test *test)
{
    if (test->show != SHOW_NONE)
        puts("");
    print_literals(test->format);
    printf("%" PRIu64 " lines, %" PRIu64 " of them match.\n", test->lines, test->matched);
    for (size_t i = 0; i < REASONS_MAX && test->reasons[i].reason != NULL; i++)
        printf("%8" PRIu64 "  %s\n", test->reasons[i].lines, test->reasons[i].reason);
}

static int test_format(const struct custom_formats *formats, const char *name, const char *path,
                       enum show show)
{
    struct test test = {.format = custom_formats_find(formats, name), .show = show};
    struct strbuf why = {0};
    struct source *source = test.format != NULL ? source_open(path, &why) : NULL;
    if (test.format != NULL && source == NULL)
        diag_error("%s", strbuf_text(&why));
    if (source != NULL) {
        test_source(&test, source);
        print_summary(&test);
    }
    source_close(source);
    strbuf_clear(&test.out);
    strbuf_clear(&why);
    return source == NULL ? APPLET_TROUBLE : test.matched > 0 ? 0 : 1;
}

/* ---- the applet ---- */

static int run_log_format(void *at, const struct run *run)
{
    const struct log_format_settings *settings = at;
    struct custom_formats formats = {0};
    int status = APPLET_TROUBLE;
    custom_formats_read(&formats, run->config);
    if (run->argc == 1 && strcmp(run->argv[0], "list") == 0)
        status = list_formats(&formats);
    else if (run->argc == 3 && strcmp(run->argv[0], "test") == 0)
        status = test_format(&formats, run->argv[1], run->argv[2], (enum show)settings->show);
    else
        diag_error("say `list`, or `test NAME FILE`");
    custom_formats_clear(&formats);
    return status;
}

static const char *const shows[] = {"all", "matched", "missed", "none", NULL};

static const struct option options[] = {
    OPTION_CHOICE(struct log_format_settings, show, "show", 0, "LINES", "all", shows,
                  "Which lines to print before the summary: all, matched, missed or none.",
                  .flags = OPTION_NO_CONFIG),
    OPTION_END};

static const struct option *const tables[] = {options, NULL};

static const struct applet_example examples[] = {
    {"spamgear log-format list", "Which formats are there, built in and in the config?"},
    {"spamgear log-format test mymta /var/log/mymta.log", "Try [format mymta] on a log."},
    {"spamgear log-format test --show missed postfix mail.log.2.gz",
     "Which lines does the built-in format not count?"},
    {NULL, NULL}};

static const struct applet_status statuses[] = {
    {0, "Done; of a test: at least one line matches."},
    {1, "No line matches."},
    {2, "Trouble: no such format, a section of the config is wrong, the log cannot be read."},
    {0, NULL}};

const struct applet log_format_applet = {
    .name = "log-format",
    .summary = "List log formats, or try one on a log",
    .operands = "list | test NAME FILE",
    .description =
        "`list` prints the formats: the built-in ones, and those of [format NAME] sections in the "
        "config with the place where they stand.\n\n"
        "`test` reads FILE (plain or compressed; - is standard input) and prints for each line "
        "what the format reads in it, or why it counts nothing: the line has no time, the literal "
        "is not in it, another program wrote it, the pattern does not match, the pattern gave up. "
        "A summary with the number of lines for each reason follows.\n\n"
        "A section has the keys pattern (PCRE2, with the named groups user, script or uid, and "
        "client, name, rcpts, time), tag (the syslog tag whose lines are meant; the pattern then "
        "matches from the start of that program's text), literal (text that every such line has; "
        "needed when it cannot be told from the pattern), kind (of user: sasl, local, host, "
        "webmail or script) and summary. Without tag the pattern matches from behind the time at "
        "the line's start; with a group time and no tag, from the start of the line.",
    .options = tables,
    .settings_size = sizeof(struct log_format_settings),
    .examples = examples,
    .statuses = statuses,
    .flags = APPLET_TOOL,
    .run = run_log_format,
};
