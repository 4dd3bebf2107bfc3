/* spam_event - the names of verdicts, and an event as bytes. */
#include "spamgear/log/spam_event.h"

#include "pack.h"
#include <math.h>

#define SPAM_EVENT_VERSION 1

static const char *const names[MAIL_VERDICTS] = {
    [MAIL_VERDICT_CLEAN] = "clean",
    [MAIL_VERDICT_SPAM] = "spam",
    [MAIL_VERDICT_SPAMMY] = "spammy",
    [MAIL_VERDICT_BANNED] = "banned",
    [MAIL_VERDICT_INFECTED] = "infected",
    [MAIL_VERDICT_BAD_HEADER] = "bad-header",
    [MAIL_VERDICT_UNCHECKED] = "unchecked",
    [MAIL_VERDICT_OVERSIZED] = "oversized",
    [MAIL_VERDICT_MTA_BLOCKED] = "mta-blocked",
    [MAIL_VERDICT_OTHER] = "other",
};

const char *mail_verdict_name(enum mail_verdict verdict)
{
    return (unsigned)verdict < MAIL_VERDICTS ? names[verdict] : names[MAIL_VERDICT_OTHER];
}

bool mail_verdict_is_bad(enum mail_verdict verdict)
{
    return verdict == MAIL_VERDICT_SPAM || verdict == MAIL_VERDICT_SPAMMY ||
           verdict == MAIL_VERDICT_BANNED || verdict == MAIL_VERDICT_INFECTED;
}

/* The texts of an event, in the order they are written. */
#define TEXTS 7

static void list_texts(struct spam_event *event, struct span *texts[TEXTS])
{
    texts[0] = &event->queue_id;
    texts[1] = &event->message_id;
    texts[2] = &event->from;
    texts[3] = &event->sasl;
    texts[4] = &event->uid;
    texts[5] = &event->client_name;
    texts[6] = &event->client;
}

void spam_event_write(const struct spam_event *event, struct strbuf *out)
{
    struct spam_event copy = *event;
    struct span *texts[TEXTS];
    pack_number(out, SPAM_EVENT_VERSION, 1);
    pack_number(out, (uint64_t)event->time, 8);
    pack_number(out, (uint64_t)event->verdict_time, 8);
    pack_number(out, (uint64_t)event->verdict, 1);
    pack_number(out, event->has_score, 1);
    pack_number(out, event->has_threshold, 1);
    pack_double(out, event->score);
    pack_double(out, event->threshold);
    pack_number(out, event->victims, 4);
    pack_number(out, (uint64_t)event->origin, 1);
    list_texts(&copy, texts);
    for (size_t i = 0; i < TEXTS; i++)
        pack_text(out, *texts[i]);
}

static bool is_flag(uint64_t number)
{
    return number <= 1;
}

int spam_event_read(struct span bytes, struct spam_event *event)
{
    struct unpack in = {.rest = bytes};
    struct span *texts[TEXTS];
    *event = (struct spam_event){0};
    if (unpack_number(&in, 1) != SPAM_EVENT_VERSION)
        return -1;
    event->time = (int64_t)unpack_number(&in, 8);
    event->verdict_time = (int64_t)unpack_number(&in, 8);
    uint64_t verdict = unpack_number(&in, 1);
    uint64_t has_score = unpack_number(&in, 1), has_threshold = unpack_number(&in, 1);
    event->score = unpack_double(&in);
    event->threshold = unpack_double(&in);
    event->victims = (unsigned)unpack_number(&in, 4);
    uint64_t origin = unpack_number(&in, 1);
    list_texts(event, texts);
    for (size_t i = 0; i < TEXTS; i++)
        *texts[i] = unpack_text(&in);
    if (in.bad || in.rest.len > 0 || verdict >= MAIL_VERDICTS || !is_flag(has_score) ||
        !is_flag(has_threshold) || origin > ORIGIN_FORGED || !isfinite(event->score) ||
        !isfinite(event->threshold))
        return -1;
    event->verdict = (enum mail_verdict)verdict;
    event->has_score = has_score;
    event->has_threshold = has_threshold;
    event->origin = (enum origin)origin;
    return 0;
}
