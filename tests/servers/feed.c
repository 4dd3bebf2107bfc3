/* feed STATE URL PASSWORD-FILE QUERY NODE FLEET [DEADLINE-MS] - the store of a daemon without the
 * daemon: an embedded database and a feeder. PASSWORD-FILE and QUERY may be "", FLEET is 0 or 1.
 * Orders are lines of standard input:
 *
 *     spam N                              N spam events
 *     event QUEUE-ID FROM CLIENT VICTIMS  one, 2025-11-22 06:32:34 UTC
 *     bad                                 one with bytes that are no UTF-8
 *     long BYTES CLIENT                   one of a sender of so many bytes
 *     count PROFILE NAME MINUTE MESSAGES [TRUSTED]  what a sender sent; MINUTE is relative to now
 *     load SENDERS SECONDS [SPAM]         so many senders that each send once a second, so many of
 *                                         whose messages are spam
 *     ages                                of the other nodes' counts when they were heard, during
 *                                          the load: how many, median, 99th of 100, worst, in ms
 *     wait SECONDS                        until all is sent, then "complete" or "N wait"
 *     sleep MS                            goes on reading, as between orders
 *     stop MS                             ends the feeder
 *
 * FEED_MINUTE is what minutes are relative to. FEED_POLL and FEED_COMMIT are a feeder's and a
 * state's pace in ms (200 and 20). What it hears is printed (not with FEED_QUIET): "tell: ..",
 * "trouble: ..", "bucket PROFILE KIND NAME MESSAGES".
 */
#include "spamgear/base/clock.h"
#include "spamgear/base/map.h"
#include "spamgear/base/secret.h"
#include "spamgear/store/feeder.h"
#include "spamgear/store/state.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static struct feeder *feeder;
static struct state *state;
static const char *state_folder;
static uint64_t events;
static bool gone;

static void die(const char *what, const struct strbuf *why)
{
    printf("failed: %s: %s\n", what, strbuf_text(why));
    exit(1);
}

#define SECOND_MS 1000

static const char *node = "";
static bool measuring = true;
static VEC(int64_t) ages; /* ms */

static int64_t wall_ms(void);

/* What was counted behind the marker that is known from before is as old as the next one. */
static void hear_marker(const struct watch_bucket *bucket)
{
    static struct map known;
    static VEC(int64_t) last;
    int64_t marker = (int64_t)bucket->sum.messages, now = wall_ms();
    uint32_t number = map_put(&known, bucket->name, NULL);
    bool first = number == last.len;
    if (first)
        *vec_add(&last) = marker;
    if (!first && marker > last.at[number] && measuring) {
        int64_t age = now - last.at[number] - SECOND_MS;
        *vec_add(&ages) = age > now - marker ? age : now - marker;
    }
    if (marker > last.at[number])
        last.at[number] = marker;
}

static void hear_bucket(void *to, const char *profile, const struct watch_bucket *bucket)
{
    (void)to;
    if (strcmp(profile, "marker") == 0)
        hear_marker(bucket);
    else if (getenv("FEED_QUIET") == NULL)
        printf("bucket %s %d %.*s %" PRIu64 "\n", profile, (int)bucket->kind, (int)bucket->name.len,
               bucket->name.at, bucket->sum.messages);
}

static void hear_tell(void *to, bool trouble, const char *line)
{
    (void)to;
    printf("%s: %s\n", trouble ? "trouble" : "tell", line);
}

static const struct feeder_news news = {NULL, hear_bucket, hear_tell};

static void listen_ms(int64_t ms)
{
    int64_t end = clock_steady_ms() + ms, left;
    struct strbuf why = {0};
    while ((left = end - clock_steady_ms()) > 0) {
        struct pollfd fd = {.fd = gone ? -1 : feeder_fd(feeder), .events = POLLIN};
        poll(&fd, 1, left > 50 ? 50 : (int)left);
        if (!gone && feeder_read(feeder, &news, &why) != 0)
            gone = true, printf("gone: %s\n", strbuf_text(&why));
    }
    fflush(stdout);
    strbuf_clear(&why);
}

static void flush(void)
{
    struct strbuf why = {0};
    if (state_flush(state, 60000, &why) != 0)
        die("flush", &why);
    strbuf_clear(&why);
}

/* What does not fit into memory would be lost: one that is full is written. */
static struct state_batch *add_spam_to(struct state_batch *batch, unsigned long n)
{
    char id[32], client[32], sasl[32];
    while (n-- > 0) {
        snprintf(id, sizeof id, "Q%" PRIu64, ++events);
        snprintf(client, sizeof client, "198.51.100.%u", (unsigned)(events % 250));
        snprintf(sasl, sizeof sasl, "user%u", (unsigned)(events % 1000));
        struct spam_event event = {.time = clock_now(),
                                   .verdict_time = clock_now(),
                                   .queue_id = span_text(id),
                                   .message_id = SPAN("20251122063234.4AB1@mail.example.net"),
                                   .from = SPAN("sender@example.net"),
                                   .client = span_text(client),
                                   .sasl = span_text(sasl),
                                   .verdict = MAIL_VERDICT_SPAM,
                                   .has_score = true,
                                   .score = 12.5,
                                   .victims = 2};
        state_batch_spam(batch, &event);
        if (state_batch_is_full(batch)) {
            state_submit(state, batch);
            flush();
            batch = state_batch_new();
        }
    }
    return batch;
}

static void add_spam(unsigned long n)
{
    state_submit(state, add_spam_to(state_batch_new(), n));
    flush();
}

static void add_event(const char *line)
{
    char id[64], from[256], client[64];
    unsigned victims;
    if (sscanf(line, "event %63s %255s %63s %u", id, from, client, &victims) != 4)
        return;
    struct spam_event event = {.time = 1763793154,
                               .verdict_time = 1763793155,
                               .queue_id = span_text(id),
                               .from = span_text(from),
                               .client = span_text(client),
                               .verdict = MAIL_VERDICT_SPAMMY,
                               .victims = victims};
    struct state_batch *batch = state_batch_new();
    state_batch_spam(batch, &event);
    state_submit(state, batch);
    flush();
}

static void add_long(size_t bytes, const char *client)
{
    struct strbuf from = {0};
    struct state_batch *batch = state_batch_new();
    while (from.len < bytes)
        strbuf_add_text(&from, "\xf0\x9f\x98\x80");
    struct spam_event event = {.time = 1763793154,
                               .queue_id = SPAN("LONG"),
                               .from = strbuf_span(&from),
                               .client = span_text(client),
                               .victims = 1};
    state_batch_spam(batch, &event);
    state_submit(state, batch);
    flush();
    strbuf_clear(&from);
}

static void add_bad(void)
{
    struct spam_event event = {.time = 1763793154,
                               .queue_id = SPAN("BAD"),
                               .from = SPAN("a\xff\xfe\0'\\\";--@b"),
                               .client_name = SPAN("\xf0\x9f\x98\x80.example"),
                               .verdict = MAIL_VERDICT_SPAM,
                               .victims = 1};
    struct state_batch *batch = state_batch_new();
    state_batch_spam(batch, &event);
    state_submit(state, batch);
    flush();
}

static void count(struct state_batch *batch, const char *profile, const char *name, int64_t minute,
                  uint64_t messages, uint64_t trusted)
{
    char key[300];
    int len = snprintf(key, sizeof key, "%s %" PRId64, name, minute);
    struct watch_bucket bucket = {.kind = SENDER_SASL,
                                  .name = span_text(name),
                                  .minute = minute,
                                  .sum = {messages, messages},
                                  .trusted = trusted};
    struct watch_change change = {{key, (size_t)len}, SPAN("x"), minute, &bucket};
    state_batch_watch(batch, profile, &change);
}

static void add_count(const char *line)
{
    char profile[64], name[256];
    long minute;
    unsigned long long messages, trusted;
    int words =
        sscanf(line, "count %63s %255s %ld %llu %llu", profile, name, &minute, &messages, &trusted);
    if (words < 4)
        return;
    const char *base = getenv("FEED_MINUTE"); /* or sums of several would part when it turns */
    struct state_batch *batch = state_batch_new();
    minute += base != NULL ? atol(base) : (long)(clock_now() / 60);
    count(batch, profile, name, minute, messages, words == 5 ? trusted : messages);
    state_submit(state, batch);
    flush();
}

/* Each marker carries the moment when it was counted. */
static int64_t wall_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct batch_of_second {
    unsigned long senders, spams;
    uint64_t messages; /* of each sender, in this minute */
} second;

static void add_second(int64_t minute)
{
    char name[64];
    struct state_batch *batch = state_batch_new();
    for (unsigned long i = 0; i < second.senders; i++) {
        snprintf(name, sizeof name, "user%lu@example.net", i);
        count(batch, "postfix-spam-check", name, minute, second.messages, 0);
    }
    snprintf(name, sizeof name, "marker-%s", node);
    count(batch, "marker", name, minute, (uint64_t)wall_ms(), 0);
    state_submit(state, add_spam_to(batch, second.spams));
}

static void load(unsigned long senders, unsigned long seconds, unsigned long spams)
{
    int64_t begun = clock_steady_ms(), minute = 0;
    second = (struct batch_of_second){.senders = senders, .spams = spams};
    for (unsigned long s = 1; s <= seconds; s++) {
        int64_t now = clock_now() / 60;
        second.messages = now == minute ? second.messages + 1 : 1;
        minute = now;
        add_second(minute);
        int64_t left = begun + (int64_t)s * SECOND_MS - clock_steady_ms();
        listen_ms(left > 0 ? left : 1);
    }
    int64_t took = clock_steady_ms() - begun;
    measuring = false;
    printf("load: %lu events in %" PRId64 " ms\n", senders * seconds, took);
    flush();
}

static int compare(const void *a, const void *b)
{
    int64_t one = *(const int64_t *)a, two = *(const int64_t *)b;
    return (one > two) - (one < two);
}

static void print_ages(void)
{
    if (ages.len > 0)
        qsort(ages.at, ages.len, sizeof *ages.at, compare);
    if (ages.len > 0)
        printf("ages: %zu %" PRId64 " %" PRId64 " %" PRId64 "\n", ages.len, ages.at[ages.len / 2],
               ages.at[ages.len * 99 / 100], ages.at[ages.len - 1]);
}

/* By the state itself: what the feeder told last may be older than the newest rows. */
static bool is_all_sent(void)
{
    struct strbuf why = {0};
    uint64_t newest = 0, sent = 0, rows, bytes;
    struct state_reader *reader = state_reader_open(state_folder, &why);
    bool all = reader != NULL && state_reader_size(reader, &newest, &rows, &bytes, &why) == 0 &&
               state_reader_sent(reader, &sent, &why) == 0 && (rows == 0 || sent >= newest);
    state_reader_close(reader);
    strbuf_clear(&why);
    return all;
}

static void wait_complete(unsigned long seconds)
{
    struct feeder_health health = {0};
    int64_t begun = clock_steady_ms();
    bool all = false;
    do {
        listen_ms(20);
        feeder_look(feeder, &health);
        all = health.connected && is_all_sent();
    } while (!gone && !all && clock_steady_ms() - begun < (int64_t)seconds * 1000);
    if (all)
        printf("complete\n");
    else
        printf("%" PRIu64 " wait\n", health.waiting);
    fprintf(stderr, "waited %" PRId64 " ms, sent %" PRIu64 "\n", clock_steady_ms() - begun,
            health.sent);
}

static void obey(const char *line)
{
    unsigned long n = 0, m = 0, k = 0;
    char word[64];
    if (sscanf(line, "spam %lu", &n) == 1)
        add_spam(n);
    else if (strncmp(line, "event ", 6) == 0)
        add_event(line);
    else if (sscanf(line, "long %lu %63s", &n, word) == 2)
        add_long(n, word);
    else if (strncmp(line, "bad", 3) == 0)
        add_bad();
    else if (strncmp(line, "count ", 6) == 0)
        add_count(line);
    else if (sscanf(line, "load %lu %lu %lu", &n, &m, &k) >= 2)
        load(n, m, k);
    else if (strncmp(line, "ages", 4) == 0)
        print_ages();
    else if (sscanf(line, "wait %lu", &n) == 1)
        wait_complete(n);
    else if (sscanf(line, "sleep %lu", &n) == 1)
        listen_ms((int64_t)n);
    else if (sscanf(line, "stop %lu", &n) == 1) {
        feeder_stop(feeder, (int)n);
        feeder = NULL, gone = true;
        printf("stopped\n");
    }
    fflush(stdout);
}

static int number_of(const char *variable, int otherwise)
{
    const char *value = getenv(variable);
    return value == NULL ? otherwise : atoi(value);
}

/* Goes on reading until there is an order. */
static char *next_order(char *line, int size)
{
    struct pollfd fd = {.fd = STDIN_FILENO, .events = POLLIN};
    while (poll(&fd, 1, 0) == 0)
        listen_ms(20);
    return fgets(line, size, stdin);
}

int main(int argc, char **argv)
{
    static char line[1024];
    struct feeder_settings settings = {.poll_ms = number_of("FEED_POLL", 200), .window_s = 3600};
    struct strbuf password = {0}, why = {0};
    struct query query = {0};
    if (argc < 7)
        return 2;
    setvbuf(stdout, NULL, _IOLBF, 0); /* what is heard is waited for */
    setvbuf(stdin, NULL, _IONBF, 0);  /* an order that is read is obeyed */
    if (sql_place_parse(argv[2], &settings.place, &why) != 0)
        die("url", &why);
    if (*argv[3] != '\0' && secret_read(argv[3], &password, &why) != 0)
        die("password", &why);
    if (*argv[4] != '\0' && query_parse(argv[4], &query, &why) != 0)
        die("query", &why);
    settings.state_folder = state_folder = argv[1];
    settings.password = *argv[3] == '\0' ? NULL : strbuf_text(&password);
    settings.query = *argv[4] == '\0' ? NULL : &query;
    settings.utc = true;
    settings.node = node = argv[5];
    settings.fleet = atoi(argv[6]) != 0;
    settings.deadline_ms = argc > 7 ? atoi(argv[7]) : 3000;
    const struct state_settings own = {
        .folder = argv[1], .commit_ms = number_of("FEED_COMMIT", 20), .feeds = true};
    feeder = feeder_start(&settings, &why);
    if (feeder == NULL || (state = state_open(&own, &why)) == NULL || state_start(state, &why) != 0)
        die("start", &why);
    while (next_order(line, sizeof line) != NULL)
        obey(line);
    feeder_stop(feeder, 2000);
    vec_clear(&ages);
    state_close(state);
    query_clear(&query);
    sql_place_clear(&settings.place);
    strbuf_clear(&password);
    strbuf_clear(&why);
    return 0;
}
