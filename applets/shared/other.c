/* other - another applet's settings, with a few of our own on top. */
#include "other.h"

#include "spamgear/base/diag.h"

static const char *const format_names[] = {"text", "json", NULL};
static const char *const by_names[] = {"checker", "messages", "recipients", NULL};

const struct option other_options[] = {
    OPTION_PERIOD(struct other_given, period, "period", 'p', "PERIOD", NULL,
                  "Length of the window; the checker's own by default."),
    OPTION_COUNT(struct other_given, limit, "limit", 'm', "N", NULL, 1, UINT64_MAX,
                 "The limit; the checker's own by default.",
                 .aliases = (const char *const[]){"max-connections", NULL}),
    OPTION_LIST(struct other_given, logs, "logs", 'l', "FILE|GLOB...",
                "Logs to read instead of the checker's own.",
                .aliases = (const char *const[]){"log", "file", NULL}, .flags = OPTION_GLOB_WORDS),
    OPTION_FLAG(struct other_given, journal, "journal", 0, "Read the systemd journal."),
    OPTION_TEXT(struct other_given, journal_dir, "journal-dir", 0, "DIR", NULL,
                "Read the journal files in DIR.", .flags = OPTION_RARE),
    OPTION_TEXT(struct other_given, journal_file, "journal-file", 0, "FILE", NULL,
                "Read one journal file.", .flags = OPTION_RARE),
    OPTION_TIME(struct other_given, since, "since", 0, "TIME", "Begin at TIME.",
                logcheck_parse_time, .flags = OPTION_NO_CONFIG),
    OPTION_TIME(struct other_given, until, "until", 0, "TIME", "End at TIME.", logcheck_parse_time,
                .flags = OPTION_NO_CONFIG),
    OPTION_FLAG(struct other_given, full, "full", 0,
                "Read every byte, even of a log that is in order.", .flags = OPTION_RARE),
    OPTION_LIST(struct other_given, overrides, "overrides", 0, "FILE",
                "More files of limits, a line is NAME COUNT [until YYYY-MM-DD].",
                .flags = OPTION_RARE),
    OPTION_CHOICE(struct other_given, by, "by", 0, "messages|recipients", "checker", by_names,
                  "What is compared with the limit; the checker's own by default."),
    OPTION_CHOICE(struct other_given, format, "format", 0, "text|json", "text", format_names,
                  "Text, or NDJSON."),
    OPTION_END};

static void put_text(char **to, const char *from)
{
    if (from == NULL)
        return;
    free(*to);
    *to = mem_text(from);
}

static void add_texts(struct texts *to, const struct texts *from)
{
    for (size_t i = 0; i < from->len; i++)
        texts_add(to, from->at[i]);
}

static void put_given(struct logcheck_settings *own, const struct other_given *given)
{
    if (given->period.text != NULL) {
        put_text(&own->period.text, given->period.text);
        own->period.seconds = given->period.seconds;
    }
    if (given->limit != 0)
        own->limit = given->limit;
    if (given->logs.len > 0)
        texts_clear(&own->logs);
    add_texts(&own->logs, &given->logs);
    add_texts(&own->overrides, &given->overrides);
    own->since = given->since;
    own->until = given->until;
    own->journal |= given->journal;
    own->full |= given->full;
    put_text(&own->journal_dir, given->journal_dir);
    put_text(&own->journal_file, given->journal_file);
    own->by = given->by == 0 ? own->by : given->by - 1;
    own->format = given->format;
    own->recipients = given->recipients;
}

int other_open(struct other *other, const char *applet, const struct other_given *given,
               const struct run *run)
{
    struct texts problems = {0};
    const struct logcheck_profile *profile = logcheck_profile(applet);
    *other = (struct other){0};
    settings_init(&other->settings, applet_find(run->all, applet, NULL), &problems);
    settings_apply(&other->settings, run->config, run->all, &problems);
    size_t wrong = problems.len;
    for (size_t i = 0; i < problems.len; i++)
        diag_error("%s", problems.at[i]);
    texts_clear(&problems);
    other->own = other->settings.own;
    put_given(other->own, given);
    int result = logcheck_prepare(profile, other->own, run, &other->check);
    return wrong > 0 ? -1 : result;
}

void other_close(struct other *other)
{
    free((void *)other->check.formats);
    check_clear(&other->check);
    settings_clear(&other->settings);
}
