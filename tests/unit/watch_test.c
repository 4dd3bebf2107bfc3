/* watch - never behind what a check would count, told once, bounded, the same after a restart. */
#include "spamgear/sender/watch.h"

#include "spamgear/base/clock.h"
#include "spamgear/sender/tally.h"
#include "test.h"
#include <stdlib.h>

#define NOW INT64_C(1795284000) /* a whole minute */

struct told {
    unsigned times;
    uint64_t messages, limit;
    char name[32];
};

static void crossed(void *state, enum sender_kind kind, struct span name, struct watch_sum sum,
                    uint64_t limit)
{
    struct told *told = state;
    (void)kind;
    told->times++;
    told->messages = sum.messages;
    told->limit = limit;
    snprintf(told->name, sizeof told->name, "%.*s", (int)name.len, name.at);
}

static struct watch *open_watch(struct told *told, const struct limits *limits, int64_t period)
{
    struct watch_settings settings = {
        .period_s = period, .limits = limits, .state = told, .crossed = crossed};
    settings.by_recipients = limits->standard == UINT64_MAX; /* then they must be right as well */
    return watch_new(&settings);
}

static struct event message(const char *queue_id, const char *sender, int64_t time)
{
    return (struct event){.kind = EVENT_ACCEPTED,
                          .sender_kind = SENDER_SASL,
                          .time = time,
                          .queue_id = span_text(queue_id),
                          .sender = span_text(sender),
                          .repeat = 1};
}

static struct event joined(enum event_kind kind, const char *queue_id, unsigned recipients,
                           int64_t time)
{
    return (struct event){.kind = kind,
                          .time = time,
                          .queue_id = span_text(queue_id),
                          .recipients = recipients,
                          .repeat = 1};
}

static void add(struct watch *watch, struct event event)
{
    clock_pin(event.time > NOW ? event.time : NOW);
    watch_add(watch, &event);
}

static void add_many(struct watch *watch, const char *sender, int64_t time, unsigned count)
{
    while (count-- > 0)
        add(watch, message("", sender, time));
}

static void test_sum(const char *name, const struct watch *watch, const char *sender, int64_t now,
                     uint64_t messages, uint64_t recipients)
{
    struct watch_sum sum = watch_sum(watch, SENDER_SASL, span_text(sender), 0, now);
    test_number(name, (int64_t)sum.messages, (int64_t)messages);
    test_number(name, (int64_t)sum.recipients, (int64_t)recipients);
}

/* --- Crossing --- */

static void test_crossing(void)
{
    struct told told = {0};
    struct limits limits = {.standard = 5};
    struct watch *watch = open_watch(&told, &limits, 600);
    add_many(watch, "bob", NOW, 4);
    test_number("below", told.times, 0);
    add_many(watch, "ann", NOW, 4);
    add_many(watch, "bob", NOW + 1, 1);
    test_number("at the limit", told.times, 1);
    test_text("who", told.name, "bob");
    test_number("how many", (int64_t)told.messages, 5);
    add_many(watch, "bob", NOW + 30, 3);
    test_number("not again at once", told.times, 1);
    add_many(watch, "bob", NOW + 61, 1);
    test_number("again a minute later", told.times, 2);
    add_many(watch, "bob", NOW + 1300, 4);
    test_number("below meanwhile", told.times, 2);
    add_many(watch, "bob", NOW + 1301, 1);
    test_number("over again", told.times, 3);
    watch_free(watch);
}

static void half(void *state, enum sender_kind kind, struct span name)
{
    struct told *told = state;
    (void)kind;
    (void)name;
    told->limit++;
}

static void test_half(void)
{
    struct told told = {0};
    struct limits limits = {.standard = 5};
    struct watch_settings settings = {
        .period_s = 600, .limits = &limits, .state = &told, .half = half};
    struct watch *watch = watch_new(&settings);
    add_many(watch, "bob", NOW, 2);
    test_number("less than half", (int64_t)told.limit, 0);
    add_many(watch, "bob", NOW, 2);
    test_number("half", (int64_t)told.limit, 1);
    add_many(watch, "bob", NOW + 70, 1);
    test_number("half again", (int64_t)told.limit, 2);
    watch_free(watch);
}

static void test_overrides(void)
{
    struct told told = {0};
    struct limits limits = {.standard = 5};
    struct strbuf why = {0};
    limit_add(&limits, "bob", "7", "f", 1, &why);
    limit_add(&limits, "@example.org", "2", "f", 2, &why);
    struct watch *watch = open_watch(&told, &limits, 600);
    add_many(watch, "bob", NOW, 6);
    test_number("his own limit", told.times, 0);
    add_many(watch, "bob", NOW, 1);
    test_number("reached", (int64_t)told.limit, 7);
    add_many(watch, "a@example.org", NOW, 2);
    test_number("of his domain", (int64_t)told.limit, 2);
    test_number("asked", (int64_t)watch_limit(watch, SPAN("bob"), NOW), 7);
    watch_free(watch);
    limit_clear(&limits);
    strbuf_clear(&why);
}

/* A minute that lies in the period in part counts whole; the check counted less. */
static void test_not_over(void)
{
    struct told told = {0};
    struct limits limits = {.standard = 10};
    struct watch *watch = open_watch(&told, &limits, 600);
    add_many(watch, "bob", NOW + 1, 5);
    add_many(watch, "bob", NOW + 630, 5);
    test_number("too early", told.times, 1);
    watch_not_over(watch, SENDER_SASL, SPAN("bob"), 5);
    add_many(watch, "bob", NOW + 631, 4);
    test_number("still not", told.times, 1);
    add_many(watch, "bob", NOW + 632, 1);
    test_number("as soon as it can be", told.times, 2);
    add_many(watch, "bob", NOW + 633, 2);
    watch_not_over(watch, SENDER_SASL, SPAN("bob"), 1);
    test_number("it has come meanwhile", told.times, 3);
    watch_not_over(watch, SENDER_SASL, SPAN("eve"), 1);
    watch_free(watch);
}

static void test_stamps(void)
{
    struct told told = {0};
    struct limits limits = {.standard = 100};
    struct watch *watch = open_watch(&told, &limits, 600);
    struct event far = message("", "bob", NOW + 86400);
    add_many(watch, "bob", NOW, 2);
    watch_add(watch, &far);
    test_sum("a day ahead", watch, "bob", NOW, 2, 2);
    far.time = NOW + 3600;
    watch_add(watch, &far);
    test_sum("an hour ahead counts", watch, "bob", NOW, 3, 3);
    add_many(watch, "bob", NOW - 300, 2);
    test_sum("late lines count where they belong", watch, "bob", NOW, 5, 5);
    add_many(watch, "bob", NOW - 660, 2);
    test_sum("those before the period do not", watch, "bob", NOW, 5, 5);
    test_sum("later", watch, "bob", NOW + 400, 3, 3);
    far.time = -5;
    watch_add(watch, &far);
    far.time = INT64_MAX;
    watch_add(watch, &far);
    test_sum("impossible ones", watch, "bob", NOW, 5, 5);
    watch_free(watch);
}

static void test_joins(void)
{
    struct told told = {0};
    struct limits limits = {.standard = 100};
    struct watch *watch = open_watch(&told, &limits, 600);
    add(watch, message("A1", "bob", NOW));
    add(watch, message("A1", "bob", NOW + 2));
    test_sum("one message", watch, "bob", NOW, 1, 1);
    add(watch, joined(EVENT_RECIPIENTS, "A1", 5, NOW));
    add(watch, joined(EVENT_RECIPIENTS, "A1", 5, NOW + 1));
    test_sum("told once", watch, "bob", NOW, 1, 5);
    add(watch, message("A2", "bob", NOW));
    for (int i = 0; i < 3; i++)
        add(watch, joined(EVENT_DELIVERED, "A2", 1, NOW));
    test_sum("deliveries add up", watch, "bob", NOW, 2, 8);
    add(watch, joined(EVENT_DELIVERED, "A3", 1, NOW));
    add(watch, joined(EVENT_RECIPIENTS, "", 4, NOW));
    test_sum("foreign ones", watch, "bob", NOW, 2, 8);
    struct event folded = message("", "bob", NOW);
    folded.repeat = 4;
    folded.recipients = 2;
    add(watch, folded);
    test_sum("folded", watch, "bob", NOW, 6, 16);
    struct event failed = message("", "bob", NOW);
    failed.kind = EVENT_FAILED;
    add(watch, failed);
    failed.kind = EVENT_REJECTED;
    add(watch, failed);
    failed.kind = EVENT_ACCEPTED;
    failed.origin = ORIGIN_FORGED;
    add(watch, failed);
    test_sum("what does not count", watch, "bob", NOW, 6, 16);
    watch_free(watch);
}

static void test_foreign(void)
{
    struct told told = {0};
    struct limits limits = {.standard = 10};
    struct watch *watch = open_watch(&told, &limits, 600);
    struct watch_bucket bucket = {SENDER_SASL, SPAN("bob"), NOW / 60, {6, 7}, 0};
    clock_pin(NOW);
    add_many(watch, "bob", NOW, 3);
    watch_foreign(watch, &bucket);
    watch_foreign(watch, &bucket);
    test_sum("told twice, once counted", watch, "bob", NOW, 9, 10);
    test_number("not yet", told.times, 0);
    add_many(watch, "bob", NOW, 1);
    test_number("together over", told.times, 1);
    bucket.name = SPAN("eve");
    bucket.sum = (struct watch_sum){0};
    watch_foreign(watch, &bucket);
    bucket.minute = INT64_MAX;
    watch_foreign(watch, &bucket);
    bucket.minute = INT64_MIN;
    watch_foreign(watch, &bucket);
    watch_free(watch);
}

/* Made-up names, of hosts and in plain lines, do not push out who really sends. */
static void test_flood(void)
{
    struct told told = {0};
    struct limits limits = {.standard = 5};
    struct watch_settings settings = {
        .period_s = 3600, .limits = &limits, .senders_max = 90, .state = &told, .crossed = crossed};
    struct watch *watch = watch_new(&settings);
    struct event real = message("", "bob", NOW), host = message("", "", NOW);
    char name[32];
    real.origin = ORIGIN_TRUSTED;
    for (int i = 0; i < 4000; i++) {
        struct event fake = host;
        snprintf(name, sizeof name, "n%d", i);
        fake.sender = span_text(name);
        fake.sender_kind = i % 2 == 0 ? SENDER_HOST : SENDER_SASL;
        fake.origin = i % 2 == 0 ? ORIGIN_TRUSTED : ORIGIN_PLAIN;
        add(watch, fake);
        if (i % 1000 == 0)
            add(watch, real);
        if (i % 30 == 0)
            add(watch, message("", "plain", NOW));
    }
    test_sum("a trusted line's", watch, "bob", NOW, 4, 4);
    test_true("a plain line's, for longer than a host's",
              watch_sum(watch, SENDER_SASL, SPAN("plain"), 0, NOW).messages == 134);
    add(watch, real);
    test_text("stopped all the same", told.name, "bob");
    watch_free(watch);
}

static void test_clock_back(void)
{
    struct told told = {0};
    struct limits limits = {.standard = 5};
    struct watch *watch = open_watch(&told, &limits, 600);
    add_many(watch, "bob", NOW + 86400, 5);
    add_many(watch, "ann", NOW + 86400, 5);
    test_number("in the future", told.times, 2);
    clock_pin(NOW);
    for (int i = 0; i < 5; i++) {
        struct event event = message("", "eve", NOW);
        watch_add(watch, &event);
        event.sender = SPAN("bob");
        watch_add(watch, &event);
    }
    test_sum("the clock was set back", watch, "eve", NOW, 5, 5);
    test_number("and everybody is told", told.times, 4);
    test_sum("what has yet to come counts no more", watch, "bob", NOW, 5, 5);
    test_sum("nor for who does not send", watch, "ann", NOW, 0, 0);
    watch_free(watch);
}

static void test_bounds(void)
{
    struct told told = {0};
    struct limits limits = {.standard = 100};
    struct watch_settings settings = {
        .period_s = 3600, .limits = &limits, .senders_max = 50, .state = &told, .crossed = crossed};
    struct watch *watch = watch_new(&settings);
    struct watch_counts counts;
    char name[32], id[32];
    for (int i = 0; i < 10000; i++) {
        snprintf(name, sizeof name, "user%d", i);
        snprintf(id, sizeof id, "Q%d", i);
        add(watch, message(id, name, NOW + i / 100));
        add(watch, joined(EVENT_RECIPIENTS, id, 3, NOW + i / 100));
        snprintf(id, sizeof id, "Q%d", i / 2); /* of somebody forgotten */
        add(watch, joined(EVENT_RECIPIENTS, id, 3, NOW + i / 100));
        add_many(watch, "steady", NOW + i / 100, 1);
    }
    watch_look(watch, &counts);
    test_number("senders", (int64_t)counts.senders, 50);
    test_number("forgotten", (int64_t)counts.forgotten, 9951);
    test_sum("who goes on is kept", watch, "steady", NOW + 99, 10000, 10000);
    for (int i = 0; i < 59 * 60; i += 60)
        for (int n = 0; n < 50; n++) {
            snprintf(name, sizeof name, "user%d", n);
            add(watch, message("", name, NOW + 200 + i));
        }
    watch_look(watch, &counts);
    test_true("minutes are bounded too", counts.forgotten > 9951);
    watch_tick(watch, NOW + 20000);
    watch_look(watch, &counts);
    test_number("all too old", (int64_t)counts.senders, 0);
    watch_free(watch);
}

/* --- Against what a check would count --- */

struct stream {
    struct event at[4000];
    char ids[4000][24];
    size_t len;
};

static const char *const names[] = {"ann", "bob", "eve", "dan"};

/* Lines a little out of order; whole: nothing reaches across minutes. */
static void make_stream(struct stream *stream, bool whole)
{
    int64_t time = NOW;
    stream->len = 2000;
    for (size_t i = 0; i < stream->len; i++) {
        size_t other = i > 20 ? i - (size_t)rand() % 20 : i;
        time += rand() % 4 == 0 ? rand() % 20 : 0;
        snprintf(stream->ids[i], sizeof *stream->ids, "%zu", i);
        int what = whole ? 0 : rand() % 6;
        int64_t at = time - rand() % 3;
        if (what == 1)
            stream->at[i] = joined(EVENT_RECIPIENTS, stream->ids[other], (unsigned)rand() % 5, at);
        else if (what == 2)
            stream->at[i] = joined(EVENT_DELIVERED, stream->ids[other], 1, at);
        else if (what == 3)
            stream->at[i] = message(stream->ids[other], names[other % 4], at);
        else
            stream->at[i] = message(stream->ids[i], names[i % 4], at);
    }
}

static struct watch_sum check_count(const struct stream *stream, size_t len, int64_t since,
                                    const char *name)
{
    struct tally_settings settings = {.several_logs = true};
    struct tally *tally = tally_new(&settings);
    struct watch_sum sum = {0};
    for (size_t i = 0; i < len; i++)
        if (stream->at[i].time >= since)
            tally_add(tally, &stream->at[i], "log", false);
    uint32_t number = tally_find(tally, SENDER_SASL, span_text(name));
    if (number != UINT32_MAX) {
        struct sender sender;
        tally_sender(tally, SENDER_SASL, number, &sender);
        sum = (struct watch_sum){sender.messages, sender.recipients};
    }
    tally_free(tally);
    return sum;
}

struct kept {
    struct map keys;
    struct strbuf bytes[20000];
};

static void keep(void *state, const struct watch_change *change)
{
    struct kept *kept = state;
    uint32_t number = map_put(&kept->keys, change->key, NULL);
    strbuf_reset(&kept->bytes[number]);
    strbuf_add_span(&kept->bytes[number], change->bytes);
}

/* Another watch from what was saved. */
static struct watch *restart(struct watch *watch, struct kept *kept, struct told *told,
                             const struct limits *limits, int64_t period)
{
    watch_save(watch, SIZE_MAX, keep, kept);
    watch_free(watch);
    watch = open_watch(told, limits, period);
    for (uint32_t i = 0; i < kept->keys.len; i++)
        if (watch_load(watch, map_key(&kept->keys, i), strbuf_span(&kept->bytes[i])) != 0)
            test_true("what was saved can be loaded", false);
    return watch;
}

static void take_trusted(void *state, const struct watch_change *change)
{
    if (change->bucket != NULL)
        *(uint64_t *)state = change->bucket->trusted;
}

/* Which of the messages trusted lines vouched for is known to the others, and after a restart. */
static void test_trusted(void)
{
    static struct kept kept;
    struct told told = {0};
    struct limits limits = {.standard = 5};
    struct watch *watch = open_watch(&told, &limits, 600);
    struct event event = message("", "bob", NOW);
    uint64_t trusted = 0;
    add(watch, event);
    event.origin = ORIGIN_TRUSTED;
    event.repeat = 2;
    add(watch, event);
    watch = restart(watch, &kept, &told, &limits, 600);
    add(watch, event);
    watch_save(watch, SIZE_MAX, take_trusted, &trusted);
    test_number("trusted", (int64_t)trusted, 4);
    test_sum("of", watch, "bob", NOW, 5, 5);
    watch_free(watch);
    map_clear(&kept.keys);
    for (size_t i = 0; i < sizeof kept.bytes / sizeof *kept.bytes; i++)
        strbuf_clear(&kept.bytes[i]);
}

static void test_like_a_check(bool whole, bool restarts)
{
    static struct stream stream;
    static struct kept kept;
    struct told told = {0};
    struct limits limits = {.standard = UINT64_MAX};
    int64_t period = whole ? 600 : 430;
    struct watch *watch = open_watch(&told, &limits, period);
    bool never_behind = true, equal = true;
    make_stream(&stream, whole);
    for (size_t i = 0; i < stream.len; i++) {
        int64_t now = stream.at[i].time;
        add(watch, stream.at[i]);
        if (restarts && rand() % 100 == 0)
            watch = restart(watch, &kept, &told, &limits, period);
        now = whole ? now / 60 * 60 + 59 : now;
        for (int n = 0; n < 4 && i % 7 == 0; n++) {
            struct watch_sum want = check_count(&stream, i + 1, now - period + 1, names[n]);
            struct watch_sum got = watch_sum(watch, SENDER_SASL, span_text(names[n]), 0, now);
            never_behind &= got.messages >= want.messages && got.recipients >= want.recipients;
            equal &= got.messages == want.messages && got.recipients == want.recipients;
        }
    }
    test_true("never behind a check", never_behind);
    test_true("equal on whole minutes", equal || !whole);
    watch_free(watch);
    for (uint32_t i = 0; i < kept.keys.len; i++)
        strbuf_clear(&kept.bytes[i]);
    map_clear(&kept.keys);
}

static void count_places(void *state, const struct watch_change *change)
{
    *(int64_t *)state += change->bucket == NULL;
}

/* Of a log that is caught up with only what still matters is worked on and saved. */
static void test_catching_up(void)
{
    struct told told = {0};
    struct limits limits = {.standard = 100};
    struct watch *watch = open_watch(&told, &limits, 600);
    struct event old = message("OLD", "bob", NOW);
    int64_t places = 0;
    char id[16];
    for (int i = 0; i < 50; i++) {
        snprintf(id, sizeof id, "Q%d", i);
        add(watch, message(id, "ann", NOW + i * 3));
    }
    watch_save(watch, SIZE_MAX, count_places, &places);
    test_number("messages of the last seconds", places, 2);
    clock_pin(NOW + 1000);
    watch_add(watch, &old);
    test_sum("long ago", watch, "bob", NOW, 0, 0);
    watch_free(watch);
}

static void test_restart(void)
{
    static struct kept kept;
    struct told told = {0};
    struct limits limits = {.standard = 5};
    struct watch *watch = open_watch(&told, &limits, 600);
    add_many(watch, "bob", NOW, 5);
    add_many(watch, "ann", NOW, 4);
    watch = restart(watch, &kept, &told, &limits, 600);
    add_many(watch, "bob", NOW + 1, 1);
    test_number("not told again", told.times, 1);
    add_many(watch, "ann", NOW + 1, 1);
    test_number("ann is", told.times, 2);
    told.times = 0;
    watch_over(watch, NOW + 1, crossed, &told);
    test_number("both are over", told.times, 2);
    watch_free(watch);
    for (uint32_t i = 0; i < kept.keys.len; i++)
        strbuf_clear(&kept.bytes[i]);
    map_clear(&kept.keys);
}

static void test_nonsense(void)
{
    static const char *const rows[][2] = {
        {"", ""},
        {"x 1", "1 1 1"},
        {"b 9 29921400 bob", "1 1 1"},
        {"b 0 29921400 bob", "2 1 1"},
        {"b 0 29921400 bob", "1 1"},
        {"b 0 29921400 bob", "1 1 1 1 1"},
        {"b 0 99999999 bob", "1 1 1"},
        {"b 0 99999999999999999999 bob", "1 1 1"},
        {"b 0 29921400 bob", "1 99999999999 1"},
        {"r 65536", "1 5 29921400 1 0 0 bob"},
        {"r 1", "1 5 29921400 1 0 0 bob"},
        {"r 40", "1 5 29921400 1 4 0 bob"},
        {"r 40", "1 0 29921400 1 0 0 bob"},
        {"r 40 ", "1 5 29921400 1 0 9 bob"},
    };
    struct told told = {0};
    struct limits limits = {.standard = 5};
    struct watch *watch = open_watch(&told, &limits, 600);
    clock_pin(NOW);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        test_number(rows[i][0], watch_load(watch, span_text(rows[i][0]), span_text(rows[i][1])),
                    -1);
    test_number("a place", watch_load(watch, SPAN("r 40"), SPAN("1 5 29921400 1 0 0 a b")), 0);
    test_number("a free place", watch_load(watch, SPAN("r 41"), SPAN("")), 0);
    watch_free(watch);
}

int main(void)
{
    srand(7);
    test_crossing();
    test_half();
    test_overrides();
    test_not_over();
    test_stamps();
    test_joins();
    test_foreign();
    test_flood();
    test_clock_back();
    test_bounds();
    for (int round = 0; round < 6; round++)
        test_like_a_check(round % 2 == 0, round > 1);
    test_catching_up();
    test_restart();
    test_trusted();
    test_nonsense();
    return test_end();
}
