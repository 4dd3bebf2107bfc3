/* thread_fuzz - shuffled, repeated and forged lines through the joiner.
 *
 * Each byte of the input is one line of a small world: a program, a queue ID, a client, a verdict.
 * The client's address names the queue ID it was accepted under, so that an event can be checked:
 * whoever is told was accepted under that queue ID. Beside that the same lines go through a second
 * joiner with forged and foreign lines between them, and through a third that is saved and loaded
 * on the way: all must say the same.
 */
#include "spamgear/log/thread.h"

#include "fuzz.h"
#include <stdio.h>

#define IDS      16
#define RECORDS  512
#define MOST     24 /* threads */
#define FAMILY   200
#define LINES    4000
#define MINUTE_S 60

struct world {
    struct threads *threads;
    struct strbuf said;
    struct strbuf records[RECORDS];
    bool there[RECORDS];
    struct prefix relay;
    bool accepted[IDS][IDS]; /* id, client */
    unsigned family[IDS];    /* of IDs that any line named together */
    unsigned bad, told;
    bool raw; /* whatever it says, it must not crash */
};

static unsigned family_of(const struct world *world, unsigned id)
{
    while (world->family[id] != id)
        id = world->family[id];
    return id;
}

/* The client of an event: 192.0.A.B, accepted under the ID A of this message, or 198.18.0.N, which
 * only a filter says. */
static void check_client(const struct world *world, const struct spam_event *e)
{
    unsigned a = 0, b = 0, id = 0;
    char text[64] = {0}, name[64] = {0};
    if (e->client.len == 0)
        return;
    hold(e->client.len < sizeof text && e->queue_id.len < sizeof name);
    memcpy(text, e->client.at, e->client.len);
    if (sscanf(text, "198.18.0.%u", &a) == 1)
        return;
    hold(e->queue_id.len > 0);
    memcpy(name, e->queue_id.at, e->queue_id.len);
    hold(sscanf(text, "192.0.%u.%u", &a, &b) == 2 && a < IDS && b < IDS);
    hold(sscanf(name, "AAAA0%x", &id) == 1 && id < IDS);
    hold(world->accepted[a][b] && family_of(world, a) == family_of(world, id));
}

static void take_spam(void *state, const struct spam_event *e)
{
    struct world *world = state;
    world->told++;
    if (world->raw)
        return;
    hold(world->told <= world->bad);
    hold(e->victims >= 1 && verdict_is_bad(e->verdict));
    hold(e->client.len + e->from.len + e->sasl.len + e->uid.len > 0);
    hold(span_find(e->from, SPAN("forged")) == NULL && span_find(e->sasl, SPAN("forged")) == NULL);
    check_client(world, e);
    spam_event_write(e, &world->said);
}

static struct threads *open_threads(struct world *world)
{
    struct threads_settings settings = {.threads_max = MOST,
                                        .wait_s = 5,
                                        .age_max_s = MINUTE_S,
                                        .relays = &world->relay,
                                        .relays_len = 1,
                                        .state = world,
                                        .spam = take_spam};
    return threads_new(&settings);
}

static struct world *world_new(void)
{
    struct world *world = calloc(1, sizeof *world);
    hold(world != NULL && prefix_parse(SPAN("127.0.0.1"), &world->relay));
    world->threads = open_threads(world);
    for (unsigned id = 0; id < IDS; id++)
        world->family[id] = id;
    return world;
}

static void world_free(struct world *world)
{
    threads_free(world->threads);
    strbuf_clear(&world->said);
    for (size_t i = 0; i < RECORDS; i++)
        strbuf_clear(&world->records[i]);
    free(world);
}

static void keep(void *state, uint64_t number, struct span bytes)
{
    struct world *world = state;
    hold(number < RECORDS);
    strbuf_reset(&world->records[number]);
    strbuf_add_span(&world->records[number], bytes);
    world->there[number] = bytes.len > 0;
}

static void restart(struct world *world)
{
    threads_save(world->threads, keep, world);
    threads_free(world->threads);
    world->threads = open_threads(world);
    for (size_t i = RECORDS; i-- > 0;)
        if (world->there[i])
            hold(threads_load(world->threads, i, strbuf_span(&world->records[i])) == 0);
}

/* ---- lines ---- */

static const struct {
    const char *text; /* %A, %H: queue IDs; %D.%B: a client, %B: any number */
    bool accepts, bad;
} kinds[] = {
    {"postfix/smtpd[7]: AAAA0%A: client=unknown[192.0.%D.%B]", true, false},
    {"postfix/submission/smtpd[7]: AAAA0%A: client=h[192.0.%D.%B], sasl_username=u%B", true, false},
    {"postfix/smtpd[7]: AAAA0%A: client=localhost[127.0.0.1]", false, false},
    {"postfix/smtpd[7]: AAAA0%A: client=localhost[127.0.0.1], orig_queue_id=AAAA0%H", false, false},
    {"postfix/smtpd[7]: AAAA0%A: client=l[127.0.0.1], orig_client=x[192.0.%D.%B]", true, false},
    {"postfix/cleanup[7]: AAAA0%A: message-id=<m%B@x>", false, false},
    {"postfix/qmgr[7]: AAAA0%A: from=<f%B@x>, size=9, nrcpt=4 (queue active)", false, false},
    {"postfix/smtp[7]: AAAA0%A: to=<r@x>, relay=127.0.0.1[127.0.0.1]:1, status=sent (queued as "
     "AAAA0%H)",
     false, false},
    {"postfix/smtp[7]: AAAA0%A: to=<r@x>, relay=x[192.0.2.3]:1, status=sent (queued as AAAA0%H)",
     false, false},
    {"postfix/qmgr[7]: AAAA0%A: removed", false, false},
    {"postfix/pickup[7]: AAAA0%A: uid=1%B from=<x>", false, false},
    {"postfix/pickup[7]: AAAA0%A: uid=1%B from=<x> orig_id=AAAA0%H", false, false},
    {"postfix/postsuper[7]: AAAA0%A: requeued", false, false},
    {"amavis[7]: (1-2) Passed SPAM {X}, [198.18.0.%B]:9 <a@b> -> <r%B@x>,<q@x>, Queue-ID: AAAA0%A, "
     "mail_id: x, Hits: %B, queued_as: AAAA0%H",
     false, true},
    {"amavis[7]: (1-2) Passed SPAMMY, LOCAL [198.18.0.3]:1 <o@b> -> <r@x>, Message-ID: <m%B@x>, "
     "mail_id: x, Hits: 7",
     false, true},
    {"amavis[7]: (1-2) Passed CLEAN {X}, <a@b> -> <r@x>, Queue-ID: AAAA0%A, mail_id: x, queued_as: "
     "AAAA0%H",
     false, false},
    {"spamd[%B]: spamd: identified spam (1.5/5.0) for u:1", false, false},
    {"spamd[%B]: spamd: result: Y  1 - X scantime=0.7,required_score=5.0,mid=<m%B@x>,x=y", false,
     true},
    {"rspamd[1]: <8ae27d>; proxy; rspamd_task_write_log: id: <m%B@x>, qid: <AAAA0%A>, ip: "
     "198.18.0.1, from: <s@t>, (default: T (reject): [16.10/15.00] [])",
     false, true},
    {"amavis[7]: (%B-2) Passed SPAM {X}, <p@q> -> <r@x>,<s...", false, false},
    {"amavis[7]: (%B-2) ...@x>, Queue-ID: AAAA0%A, mail_id: x", false, true},
    {"amavis[7]: (1-2) Passed SPAM {X}, <> -> <r@x>, mail_id: x, queued_as: AAAA0%A", false, true},
};

#define KINDS (sizeof kinds / sizeof *kinds)

/* Lines that must not change anything. */
static const char *const foreign[] = {
    "dovecot: AAAA0%A: client=forged[203.0.113.1]",
    "xpostfix/qmgr[7]: AAAA0%A: removed",
    "postfix/smtpd[7]: AAAA0%A: message-id=<forged@x>",
    "postfix/cleanup[7]: AAAA0%A: client=forged[203.0.113.1]",
    "postfix/smtp[7]: AAAA0%A: removed",
    "postfix/qmgr[7]: AAAA0%A: from=<forged>, status=expired, returned to sender",
    "postfix/smtp[7]: AAAA0%A: to=<r@x>, relay=x[192.0.2.9]:1, status=sent (queued as AAAA0%B)",
    "postfix/smtp[7]: AAAA0%A: to=<r@x>, relay=x:1, status=sent (, relay=gate, queued as AAAA0%B)",
    "sshd[7]: amavis[7]: (1-2) Passed SPAM {X}, <forged@b> -> <r@x>, Queue-ID: AAAA0%A, mail_id: x",
    "postfix/smtpd[7]: NOQUEUE: client=forged[203.0.113.1]",
    "postfix/smtpd[7]: warning: AAAA0%A: client=forged[203.0.113.1]",
    "postfix/bounce[7]: AAAA0%A: sender non-delivery notification: AAAA0%B",
};

#define FOREIGN (sizeof foreign / sizeof *foreign)

static void write_line(struct strbuf *out, const char *text, unsigned a, unsigned b)
{
    strbuf_reset(out);
    strbuf_add_text(out, "mx ");
    for (; *text != '\0'; text++) {
        if (*text != '%')
            strbuf_add_char(out, *text);
        else if (*++text == 'A')
            strbuf_format(out, "%X", a);
        else if (*text == 'H')
            strbuf_format(out, "%X", b);
        else if (*text == 'D')
            strbuf_format(out, "%u", a);
        else
            strbuf_format(out, "%u", b);
    }
}

static void feed(struct world *world, const struct strbuf *text, int64_t time, enum origin origin)
{
    struct log_line line = {.whole = strbuf_span(text),
                            .rest = strbuf_span(text),
                            .shape = STAMP_SYSLOG,
                            .time = time,
                            .origin = origin};
    threads_line(world->threads, &line);
}

static void check_counts(const struct world *world)
{
    struct threads_counts counts;
    threads_look(world->threads, &counts);
    hold(counts.alive <= MOST + FAMILY);
}

/* One line to all three. */
static void step(struct world *const worlds[3], const unsigned char bytes[2], int64_t time,
                 struct strbuf *text)
{
    unsigned kind = bytes[0] % KINDS, a = bytes[1] & 15, b = bytes[1] >> 4;
    for (int w = 0; w < 3; w++) {
        worlds[w]->bad += kinds[kind].bad;
        if (kinds[kind].accepts)
            worlds[w]->accepted[a][b] = true;
        if (strstr(kinds[kind].text, "%H") != NULL)
            worlds[w]->family[family_of(worlds[w], b)] = family_of(worlds[w], a);
    }
    write_line(text, foreign[(bytes[0] + bytes[1]) % FOREIGN], a, b);
    feed(worlds[1], text, time, ORIGIN_PLAIN);
    write_line(text, kinds[kind].text, b, a);
    feed(worlds[1], text, time, ORIGIN_FORGED);
    write_line(text, kinds[kind].text, a, b);
    for (int w = 0; w < 3; w++) {
        feed(worlds[w], text, time, ORIGIN_PLAIN);
        threads_tick(worlds[w]->threads, time);
        check_counts(worlds[w]);
    }
    if (bytes[0] >= 240)
        restart(worlds[2]);
}

/* Bytes as a record, and as a line of each program. */
static void try_raw(const unsigned char *data, size_t size)
{
    static const char *const tags[] = {
        "mx postfix/smtpd[1]: AAAA01: client=", "mx postfix/smtp[1]: AAAA01: to=<",
        "mx postfix/cleanup[1]: AAAA01: message-id=", "mx amavis[1]: (1-2) Passed SPAM ", "mx "};
    struct world *world = world_new();
    struct strbuf text = {0};
    world->raw = true;
    if (threads_load(world->threads, size % 5, (struct span){(const char *)data, size}) == 0)
        threads_tick(world->threads, 1000);
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
        strbuf_reset(&text);
        strbuf_add_text(&text, tags[i]);
        strbuf_add(&text, (const char *)data, size);
        struct log_line line = {.rest = strbuf_span(&text), .time = 1000, .shape = STAMP_SYSLOG};
        threads_line(world->threads, &line);
    }
    strbuf_clear(&text);
    world_free(world);
}

static void feed_all(struct world *world, const unsigned char *data, size_t size)
{
    struct strbuf text = {0};
    for (size_t i = 0; i + 1 < size && i < 200; i += 2) {
        write_line(&text, kinds[data[i] % KINDS].text, data[i + 1] & 15, data[i + 1] >> 4);
        feed(world, &text, (int64_t)(1000 + i), ORIGIN_PLAIN);
        threads_tick(world->threads, (int64_t)(1000 + i));
    }
    strbuf_clear(&text);
}

/* What was saved comes back with a byte changed in each record, and the joiner goes on. */
static void try_damaged(const unsigned char *data, size_t size)
{
    struct world *world = world_new();
    world->raw = true;
    feed_all(world, data, size);
    threads_save(world->threads, keep, world);
    threads_free(world->threads);
    world->threads = open_threads(world);
    for (size_t i = 0; i < RECORDS; i++) {
        struct strbuf *record = &world->records[i];
        if (!world->there[i])
            continue;
        record->data[data[i % size] * 3u % record->len] ^= (char)(data[(i + 1) % size] | 1);
        threads_load(world->threads, i, strbuf_span(record));
    }
    feed_all(world, data, size);
    threads_finish(world->threads);
    threads_tick(world->threads, 1000000);
    world_free(world);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    try_raw(data, size);
    if (size > 1)
        try_damaged(data, size);
    struct world *worlds[3] = {world_new(), world_new(), world_new()};
    struct strbuf text = {0};
    int64_t time = 1795305600;
    for (size_t i = 0; i + 1 < size && i < LINES; i += 2) {
        time += data[i] % 11 == 0 ? data[i + 1] % 9 : 0;
        step(worlds, data + i, time, &text);
    }
    for (int w = 0; w < 3; w++) {
        threads_finish(worlds[w]->threads);
        hold(span_is(strbuf_span(&worlds[w]->said), strbuf_span(&worlds[0]->said)));
    }
    for (int w = 0; w < 3; w++)
        world_free(worlds[w]);
    strbuf_clear(&text);
    return 0;
}
