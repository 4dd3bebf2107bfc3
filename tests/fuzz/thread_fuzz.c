/* thread_fuzz - shuffled, repeated and forged lines through the joiner.
 *
 * The first byte says what is tried, each two others are one line of a small world: a program, a
 * queue ID, a client, a verdict. The client's address names the queue ID it was accepted under, so
 * that an event can be checked: whoever is told was accepted under that queue ID. The same lines
 * also go through a second joiner, with forged and foreign lines between them, or with those of
 * other hosts, or saved and loaded on the way: both must say the same. Where no queue ID is used
 * twice, no message is told twice.
 */
#include "spamgear/base/strbuf.h"
#include "spamgear/log/thread.h"

#include "fuzz.h"
#include <stdio.h>

#define IDS      16
#define RECORDS  512
#define MOST     24 /* threads */
#define FAMILY   200
#define WIDE     10000
#define LINES    400
#define MINUTE_S 60

struct world {
    struct threads *threads;
    struct strbuf said;
    struct strbuf records[RECORDS];
    bool there[RECORDS];
    size_t records_len;
    struct prefix relay;
    bool accepted[IDS][IDS]; /* id, client */
    unsigned family[IDS];    /* of IDs that any line named together */
    unsigned bad, told;
    bool raw;           /* whatever it says, it must not crash */
    bool once;          /* each queue ID is one message's */
    bool wide;          /* nothing is given up */
    bool one_host;      /* also the filter's */
    bool is_told[IDS];  /* the ID, or one of its family then */
    bool is_named[IDS]; /* by any line */
    bool is_begun[IDS], is_gone[IDS];
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

/* Nobody of this family was told before. */
static void check_once(struct world *world, const struct spam_event *e)
{
    struct texts ids = {0};
    unsigned id;
    threads_ids(world->threads, e->queue_id, &ids);
    for (size_t i = 0; i < ids.len; i++)
        if (sscanf(ids.at[i], "AAAA0%x", &id) == 1 && id < IDS) {
            hold(!world->is_told[id]);
            world->is_told[id] = true;
        }
    texts_clear(&ids);
}

static void say(const struct spam_event *e, struct strbuf *out)
{
    const struct span texts[] = {e->queue_id, e->message_id,  e->from,  e->sasl,
                                 e->uid,      e->client_name, e->client};
    strbuf_format(out, "%lld %lld %d %d %d %g %g %u %d", (long long)e->time,
                  (long long)e->verdict_time, (int)e->verdict, e->has_score, e->has_threshold,
                  e->score, e->threshold, e->victims, (int)e->origin);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        strbuf_format(out, " %zu:", texts[i].len);
        strbuf_add_span(out, texts[i]);
    }
    strbuf_add_char(out, '\n');
}

static void take_spam(void *state, const struct spam_event *e)
{
    struct world *world = state;
    world->told++;
    if (world->raw)
        return;
    hold(world->told <= world->bad);
    hold(e->victims >= 1 && mail_verdict_is_bad(e->verdict));
    hold(e->client.len + e->from.len + e->sasl.len + e->uid.len > 0);
    hold(span_find(e->from, SPAN("forged")) == NULL && span_find(e->sasl, SPAN("forged")) == NULL);
    check_client(world, e);
    if (world->once)
        check_once(world, e);
    say(e, &world->said);
}

static struct threads *open_threads(struct world *world)
{
    struct threads_settings settings = {.threads_max = world->wide ? WIDE : MOST,
                                        .wait_s = 5,
                                        .age_max_s = world->wide ? 10000 * MINUTE_S : MINUTE_S,
                                        .relays = &world->relay,
                                        .relays_len = 1,
                                        .state = world,
                                        .spam = take_spam};
    return threads_new(&settings);
}

static struct world *world_new(bool wide)
{
    struct world *world = calloc(1, sizeof *world);
    hold(world != NULL && prefix_parse(SPAN("127.0.0.1"), &world->relay));
    world->wide = wide;
    world->threads = open_threads(world);
    for (unsigned id = 0; id < IDS; id++)
        world->family[id] = id;
    return world;
}

static void world_free(struct world *world)
{
    threads_free(world->threads);
    strbuf_clear(&world->said);
    for (size_t i = 0; i < world->records_len; i++)
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
    if (number >= world->records_len)
        world->records_len = (size_t)number + 1;
}

static void restart(struct world *world)
{
    threads_save(world->threads, SIZE_MAX, keep, world);
    threads_free(world->threads);
    world->threads = open_threads(world);
    for (size_t i = world->records_len; i-- > 0;)
        if (world->there[i])
            hold(threads_load(world->threads, i, strbuf_span(&world->records[i])) == 0);
}

/* ---- lines ---- */

static const struct {
    const char *text; /* %A, %H: queue IDs; %D.%B: a client, %B: any number */
    bool accepts, bad;
    bool elsewhere; /* a filter that has a host of its own */
} kinds[] = {
    {"postfix/smtpd[7]: AAAA0%A: client=unknown[192.0.%D.%B]", true, false, false},
    {"postfix/submission/smtpd[7]: AAAA0%A: client=h[192.0.%D.%B], sasl_username=u%B", true, false,
     false},
    {"postfix/smtpd[7]: AAAA0%A: client=localhost[127.0.0.1]", false, false, false},
    {"postfix/smtpd[7]: AAAA0%A: client=localhost[127.0.0.1], orig_queue_id=AAAA0%H", false, false,
     false},
    {"postfix/smtpd[7]: AAAA0%A: client=l[127.0.0.1], orig_client=x[192.0.%D.%B]", true, false,
     false},
    {"postfix/cleanup[7]: AAAA0%A: message-id=<m%B@x>", false, false, false},
    {"postfix/qmgr[7]: AAAA0%A: from=<f%B@x>, size=9, nrcpt=4 (queue active)", false, false, false},
    {"postfix/smtp[7]: AAAA0%A: to=<r@x>, relay=127.0.0.1[127.0.0.1]:1, status=sent (queued as "
     "AAAA0%H)",
     false, false, false},
    {"postfix/smtp[7]: AAAA0%A: to=<r@x>, relay=x[192.0.2.3]:1, status=sent (queued as AAAA0%H)",
     false, false, false},
    {"postfix/qmgr[7]: AAAA0%A: removed", false, false, false},
    {"postfix/pickup[7]: AAAA0%A: uid=1%B from=<x>", false, false, false},
    {"postfix/pickup[7]: AAAA0%A: uid=1%B from=<x> orig_id=AAAA0%H", false, false, false},
    {"postfix/postsuper[7]: AAAA0%A: requeued", false, false, false},
    {"amavis[7]: (1-2) Passed SPAM {X}, [198.18.0.%B]:9 <a@b> -> <r%B@x>,<q@x>, Queue-ID: AAAA0%A, "
     "mail_id: x, Hits: %B, queued_as: AAAA0%H",
     false, true, false},
    {"amavis[7]: (1-2) Passed SPAMMY, LOCAL [198.18.0.3]:1 <o@b> -> <r@x>, Message-ID: <m%B@x>, "
     "mail_id: x, Hits: 7",
     false, true, false},
    {"amavis[7]: (1-2) Passed CLEAN {X}, <a@b> -> <r@x>, Queue-ID: AAAA0%A, mail_id: x, queued_as: "
     "AAAA0%H",
     false, false, false},
    {"spamd[%B]: spamd: identified spam (1.5/5.0) for u:1", false, false, false},
    {"spamd[%B]: spamd: result: Y  1 - X scantime=0.7,required_score=5.0,mid=<m%B@x>,x=y", false,
     true, false},
    {"rspamd[1]: <8ae27d>; proxy; rspamd_task_write_log: id: <m%B@x>, qid: <AAAA0%A>, ip: "
     "198.18.0.1, from: <s@t>, (default: T (reject): [16.10/15.00] [])",
     false, true, false},
    {"amavis[7]: (%B-2) Passed SPAM {X}, <p@q> -> <r@x>,<s...", false, false, false},
    {"amavis[7]: (%B-2) ...@x>, Queue-ID: AAAA0%A, mail_id: x", false, true, false},
    {"amavis[7]: (1-2) Passed SPAM {X}, <> -> <r@x>, mail_id: x, queued_as: AAAA0%A", false, true,
     false},
    {"rspamd[1]: <8ae27d>; proxy; rspamd_task_write_log: id: <m%B@x>, qid: <AAAA0%A>, from: <s@t>, "
     "(default: T (reject): [16.10/15.00] [])",
     false, true, true},
    {"amavis[7]: (1-2) Blocked BANNED (x) {X}, <a@b> -> <r@x>, Queue-ID: AAAA0%A, mail_id: x, "
     "queued_as: AAAA0%H",
     false, true, true},
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

static void write_line(struct strbuf *out, const char *host, const char *text, unsigned a,
                       unsigned b)
{
    strbuf_reset(out);
    strbuf_add_text(out, host);
    strbuf_add_char(out, ' ');
    for (;; text++) {
        size_t plain = strcspn(text, "%");
        strbuf_add(out, text, plain);
        text += plain;
        if (*text == '\0')
            return;
        if (*++text == 'A' || *text == 'H')
            strbuf_add_char(out, "0123456789ABCDEF"[*text == 'A' ? a : b]);
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
    hold(counts.alive <= (world->wide ? WIDE : MOST) + FAMILY);
}

/* Bytes as a record, and as a line of each program. */
static void try_raw(const unsigned char *data, size_t size)
{
    static const char *const tags[] = {
        "mx postfix/smtpd[1]: AAAA01: client=", "mx postfix/smtp[1]: AAAA01: to=<",
        "mx postfix/cleanup[1]: AAAA01: message-id=", "mx amavis[1]: (1-2) Passed SPAM ", "mx "};
    struct world *world = world_new(false);
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
        write_line(&text, "mx", kinds[data[i] % KINDS].text, data[i + 1] & 15, data[i + 1] >> 4);
        feed(world, &text, (int64_t)(1000 + i), ORIGIN_PLAIN);
        threads_tick(world->threads, (int64_t)(1000 + i));
    }
    strbuf_clear(&text);
}

/* What was saved comes back with a byte changed in each record, and the joiner goes on. */
static void try_damaged(const unsigned char *data, size_t size)
{
    struct world *world = world_new(false);
    world->raw = true;
    feed_all(world, data, size);
    threads_save(world->threads, SIZE_MAX, keep, world);
    threads_free(world->threads);
    world->threads = open_threads(world);
    for (size_t i = 0; i < world->records_len; i++) {
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

/* ---- one world, or two that must say the same ---- */

enum trial { ALONE, ONCE, FOREIGN_LINES, OTHER_HOSTS, SAVED, RAW, DAMAGED, TRIALS };

static bool begins(const char *text)
{
    return strstr(text, ": client=") != NULL || strstr(text, ": uid=") != NULL;
}

/* Would this line make a second message of a queue ID? */
static bool is_again(const struct world *world, unsigned kind, unsigned a)
{
    const char *text = kinds[kind].text;
    bool near = strstr(text, "localhost") != NULL;
    if (begins(text))
        return world->is_gone[a] || (near ? world->is_begun[a] : world->is_named[a]);
    return strstr(text, "message-id=") != NULL && world->is_gone[a];
}

static void note(struct world *world, unsigned kind, unsigned a, unsigned b)
{
    const char *text = kinds[kind].text;
    bool links = strstr(text, "%H") != NULL;
    world->bad += kinds[kind].bad;
    if (kinds[kind].accepts)
        world->accepted[a][b] = true;
    if (links)
        world->family[family_of(world, b)] = family_of(world, a);
    world->is_named[a] = true;
    world->is_begun[a] |= begins(text);
    world->is_named[b] |= links;
    world->is_gone[a] |= strstr(text, ": re") != NULL;
}

/* What the second joiner reads beside what the first does. */
static void feed_more(struct world *world, enum trial trial, const unsigned char bytes[2],
                      int64_t time, struct strbuf *text)
{
    unsigned kind = bytes[0] % KINDS, a = bytes[1] & 15, b = bytes[1] >> 4;
    if (trial == FOREIGN_LINES) {
        write_line(text, "mx", foreign[(bytes[0] + bytes[1]) % FOREIGN], a, b);
        feed(world, text, time, ORIGIN_PLAIN);
        write_line(text, "mx", kinds[kind].text, b, a);
        feed(world, text, time, ORIGIN_FORGED);
    } else if (trial == OTHER_HOSTS) {
        static const char *const others[] = {
            "postfix/smtpd[7]: AAAA0%H: client=forged[203.0.113.1]",
            "postfix/qmgr[7]: AAAA0%H: from=<forged@x>, size=9, nrcpt=9 (queue active)",
            "postfix/smtp[7]: AAAA0%H: to=<r@x>, relay=127.0.0.1[127.0.0.1]:1, status=sent (x)",
            "spamd[%B]: spamd: identified spam (1.9/9.0) for u:1",
            "amavis[7]: (%B-2) Passed SPAM {X}, <forged@q> -> <r@x>,<s..."};
        write_line(text, bytes[0] & 1 ? "mx2" : "mx3", others[bytes[0] % 5u], a, b);
        feed(world, text, time, ORIGIN_PLAIN);
    } else if (trial == SAVED && bytes[0] >= 240) {
        restart(world);
    }
}

/* Two other hosts know all queue IDs: none is only theirs. */
static void feed_hosts(struct world *world, int64_t time, struct strbuf *text)
{
    for (unsigned id = 0; id < IDS; id++)
        for (int host = 0; host < 2; host++) {
            write_line(text, host ? "mx2" : "mx3",
                       "postfix/smtpd[7]: AAAA0%A: client=forged[203.0.113.1]", id, 0);
            feed(world, text, time, ORIGIN_PLAIN);
        }
}

static void step(struct world *world, const unsigned char bytes[2], int64_t time,
                 struct strbuf *text)
{
    unsigned kind = bytes[0] % KINDS, a = bytes[1] & 15, b = bytes[1] >> 4;
    if (world->once && is_again(world, kind, a))
        return;
    note(world, kind, a, b);
    write_line(text, kinds[kind].elsewhere && !world->one_host ? "scan" : "mx", kinds[kind].text, a,
               b);
    feed(world, text, time, ORIGIN_PLAIN);
    threads_tick(world->threads, time);
    check_counts(world);
}

static void try_lines(enum trial trial, const unsigned char *data, size_t size)
{
    bool wide = trial == ONCE || trial == OTHER_HOSTS;
    struct world *first = world_new(wide), *second = trial <= ONCE ? NULL : world_new(wide);
    struct strbuf text = {0};
    int64_t time = 1795305600;
    first->once = trial == ONCE;
    if (trial == OTHER_HOSTS) {
        first->one_host = second->one_host = true;
        feed_hosts(second, time, &text);
    }
    for (size_t i = 0; i + 1 < size && i < LINES; i += 2) {
        time += trial != ONCE && data[i] % 11 == 0 ? data[i + 1] % 9 : 0;
        step(first, data + i, time, &text);
        if (second == NULL)
            continue;
        feed_more(second, trial, data + i, time, &text);
        step(second, data + i, time, &text);
    }
    threads_finish(first->threads);
    if (second != NULL) {
        threads_finish(second->threads);
        hold(span_is(strbuf_span(&first->said), strbuf_span(&second->said)));
        world_free(second);
    }
    world_free(first);
    strbuf_clear(&text);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    if (size < 2)
        return 0;
    enum trial trial = (enum trial)(data[0] % TRIALS);
    if (trial == RAW)
        try_raw(data + 1, size - 1);
    else if (trial == DAMAGED)
        try_damaged(data + 1, size - 1);
    else
        try_lines(trial, data + 1, size - 1);
    return 0;
}
