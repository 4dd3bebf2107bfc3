/* check - from logs to a report. */
#include "spamgear/check/check.h"

#include "spamgear/base/clock.h"
#include "spamgear/base/duration.h"
#include "spamgear/check/networks.h"

/* --- Reading --- */

void check_harvest(const struct check *check, const struct harvest_sink *sink,
                   const struct logs *logs, struct harvest_counts *counts, struct texts *files,
                   struct texts *problems)
{
    struct harvest harvest = {.formats = check->formats,
                              .formats_len = check->formats_len,
                              .window = check->window,
                              .threads = check->threads,
                              .count_lines = check->count_lines,
                              .recipients = check->recipients,
                              .sink = *sink};
    for (size_t i = 0; i < logs->sources.len; i++) {
        struct strbuf why = {0};
        texts_add(files, logs->sources.at[i]->name);
        if (harvest_source(&harvest, logs->sources.at[i], &why) != 0)
            texts_add(problems, strbuf_text(&why));
        strbuf_clear(&why);
    }
    *counts = harvest.counts;
}

/* Evidence names its file by the report's list, which outlives the sources. */
struct tally_sink {
    struct tally *tally;
    const struct texts *files;
};

static void add_event(void *state, const struct event *event, const struct source *source)
{
    const struct tally_sink *sink = state;
    tally_add(sink->tally, event, sink->files->at[sink->files->len - 1],
              source->kind == SOURCE_FILE);
}

/* --- Choosing who is shown --- */

static void judge_sender(const struct check *check, int64_t now, const struct sender *sender,
                         struct report_sender *row)
{
    *row = (struct report_sender){.sender = *sender};
    row->count = check->by_recipients ? sender->recipients : sender->messages;
    row->limit = limit_of(&check->limits, sender->name, now, &row->rule);
    row->over = row->count >= row->limit;
}

static bool is_shown(const struct check *check, const struct report_sender *row)
{
    if (row->sender.messages == 0)
        return check->only != NULL && span_is(row->sender.name, span_text(check->only));
    if (check->only != NULL)
        return span_is(row->sender.name, span_text(check->only));
    return row->over || check->all;
}

static void choose_senders(const struct check *check, const struct tally *tally,
                           struct report *report)
{
    int64_t now = clock_now();
    for (int k = 0; k < SENDER_KINDS; k++) {
        uint32_t count = tally_count(tally, (enum sender_kind)k);
        for (uint32_t i = 0; i < count; i++) {
            struct sender sender;
            struct report_sender row;
            tally_sender(tally, (enum sender_kind)k, i, &sender);
            judge_sender(check, now, &sender, &row);
            report->senders_seen += sender.messages > 0;
            if (is_shown(check, &row))
                *vec_add(&report->senders) = row;
        }
    }
}

static int by_count(const void *a, const void *b)
{
    const struct report_sender *x = a, *y = b;
    if (x->count != y->count)
        return x->count < y->count ? 1 : -1;
    return span_order(x->sender.name, y->sender.name);
}

static void sort_senders(const struct check *check, struct report *report)
{
    if (report->senders.len > 1)
        qsort(report->senders.at, report->senders.len, sizeof *report->senders.at, by_count);
    if (check->top > 0 && report->senders.len > check->top)
        report->senders.len = check->top;
}

/* --- Evidence --- */

static void read_line(const struct logs *logs, struct evidence *evidence)
{
    for (size_t i = 0; i < logs->sources.len && evidence->line.at == NULL; i++) {
        struct source *source = logs->sources.at[i];
        if (strcmp(source->name, evidence->file) != 0)
            continue;
        evidence->text = mem_alloc(evidence->line.len);
        ssize_t got = source_peek(source, evidence->offset, evidence->text, evidence->line.len);
        evidence->line = (struct span){evidence->text, got > 0 ? (size_t)got : 0};
    }
}

/* Of files only the places of lines were kept: now that it is known who is shown, the lines of
 * these are read. */
static void read_evidence(const struct logs *logs, struct report *report)
{
    for (size_t i = 0; i < report->senders.len; i++)
        for (struct evidence *e = report->senders.at[i].sender.evidence; e != NULL; e = e->next)
            if (e->line.at == NULL)
                read_line(logs, e);
}

/* --- The whole --- */

static void describe(const struct check *check, struct report *report)
{
    char since[32], until[32];
    report->applet = check->applet;
    report->limit = check->limits.standard;
    report->by_recipients = check->by_recipients;
    report->all = check->all;
    report->headings = check->headings;
    report->since = check->window.since;
    report->until = check->window.until;
    report->open_end = check->open_end;
    stamp_format(check->window.since, since);
    if (check->period != NULL && check->open_end) {
        strbuf_add_text(&report->during, "During the last ");
        duration_words(&report->during, check->period);
    } else if (check->open_end) {
        strbuf_format(&report->during, "Since %s", since);
    } else {
        stamp_format(check->window.until, until);
        strbuf_format(&report->during, "Between %s and %s", since, until);
    }
}

int check_run(const struct check *check, struct report *report, struct tally **tally,
              struct texts *problems)
{
    struct logs logs;
    int result = logs_open(&logs, &check->logs, problems);
    struct tally_settings settings = {.evidence = check->evidence,
                                      .several_logs = logs.sources.len > 1,
                                      .only_name = check->only};
    *report = (struct report){0};
    *tally = tally_new(&settings);
    struct tally_sink state = {*tally, &report->files};
    struct harvest_sink sink = {&state, add_event};
    describe(check, report);
    check_harvest(check, &sink, &logs, &report->counts, &report->files, problems);
    tally_seal(*tally);
    report->failed = tally_failed(*tally);
    report->failed_unnamed = tally_failed_unnamed(*tally);
    choose_senders(check, *tally, report);
    sort_senders(check, report);
    check_networks(check, *tally, report, problems);
    read_evidence(&logs, report);
    logs_close(&logs);
    return result;
}

void check_clear(struct check *check)
{
    limit_clear(&check->limits);
    vec_clear(&check->webmail);
    vec_clear(&check->allowed);
}
