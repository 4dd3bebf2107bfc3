/* format_custom - a pattern, a tag and a log line, one a line. Events point into the line, and
 * the literal that was read off the pattern is in every line that the pattern matches. */
#include "spamgear/log/format_custom.h"

#include "spamgear/base/addr.h"
#include "spamgear/base/clock.h"
#include "spamgear/base/mem.h"
#include "spamgear/match/regex.h"
#include <stdlib.h>

#define NOW 1795284000

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void check(bool ok)
{
    if (!ok)
        abort();
}

static void check_inside(struct span part, struct span line)
{
    check(part.len == 0 || (part.at >= line.at && part.at + part.len <= line.at + line.len));
}

static void check_event(const struct event *event, const struct log_format *format,
                        struct span line)
{
    struct addr addr;
    unsigned long long number;
    check(event->kind == EVENT_ACCEPTED && event->sender_kind < SENDER_KINDS);
    check(event->sender.len > 0 && event->repeat > 0);
    check_inside(event->sender, line);
    check_inside(event->client, line);
    check_inside(event->client_name, line);
    check_inside(event->client_addr, line);
    check_inside(event->uid, line);
    check(event->client_addr.len == 0 || addr_parse(event->client_addr, &addr));
    check(event->uid.len == 0 || span_number(event->uid, &number));
    check(format->own_time ? event->time != STAMP_NONE : event->time == 0);
}

static void check_line(const struct log_format *format, struct span whole)
{
    struct log_line line = {.whole = whole, .rest = whole, .shape = STAMP_BARE};
    struct stamp stamp = {0};
    struct stamp_clock clock;
    struct event event, again = {.repeat = 1};
    const char *reason = NULL;
    stamp_clock_init(&clock, NOW);
    line.time = stamp_read(&clock, whole, &stamp, &line.rest);
    if (line.time == STAMP_NONE)
        line.rest = whole;
    else
        line.shape = stamp.shape;
    enum parse_result result = format_custom_explain(format, &line, &event, &reason);
    check(reason != NULL && strstr(reason, "but the literal is not in the line") == NULL);
    check(format->parse(format, &line, &again) == result);
    if (result != PARSE_EVENT)
        return;
    check(memmem(whole.at, whole.len, format->needles[0], strlen(format->needles[0])) != NULL);
    check_event(&event, format, whole);
}

/* Cuts the first line off as a string. */
static char *next_line(struct span *text)
{
    const char *newline = text->len > 0 ? memchr(text->at, '\n', text->len) : NULL;
    struct span line = newline == NULL ? *text : span_of(text->at, newline);
    *text = span_skip(*text, line.len + (newline != NULL));
    return mem_text_of(line.at, line.len);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    if (size == 0 || size > 2048)
        return 0;
    clock_pin(NOW);
    struct span text = {(const char *)data, size};
    struct strbuf why = {0};
    char *pattern = next_line(&text), *tag = next_line(&text), *kind = next_line(&text);
    struct format_custom_settings settings = {
        .pattern = pattern, .tag = *tag != '\0' ? tag : NULL, .kind = *kind != '\0' ? kind : NULL};
    const struct log_format *format = format_custom("mine", &settings, &why);
    check((format == NULL) == (why.len > 0));
    if (format != NULL)
        check_line(format, text);
    format_custom_free(format);
    regex_clear_all();
    strbuf_clear(&why);
    free(pattern);
    free(tag);
    free(kind);
    return 0;
}
