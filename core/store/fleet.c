/* fleet - what one node asks and tells the others about one sender, and who of them reacts.
 *
 * A claim is a row: it is inserted, which works for one node only, or taken over by an UPDATE that
 * says from which state, which also works for one only. So no locks are needed, and a server that
 * rolls one of two back (Galera, TiDB, CockroachDB) comes to the same.
 */
#include "fleet_own.h"

#include "spamgear/base/clock.h"
#include "spamgear/base/digest.h"
#include "spamgear/base/mem.h"
#include "spamgear/log/stamp.h"
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define TRIES      20
#define CLAIM_MS   60000 /* an unconfirmed claim may be taken over then */
#define CLIENT_MAX 1000  /* of one sender on one node */
#define CONFIRMED  "1"
#define LET_GO     "2" /* then `claimed` says when */

const char *const fleet_add_flow[] = {
#define ADD                                                                                        \
    "INSERT INTO spamgear_flow(profile, kind, name_key, minute, node, name, messages, "            \
    "recipients, "                                                                                 \
    "trusted, stamp) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
#define ON_CONFLICT                                                                                \
    ADD "ON CONFLICT (profile, kind, name_key, minute, node) DO UPDATE SET messages = "            \
        "excluded.messages, recipients = excluded.recipients, trusted = excluded.trusted, "        \
        "stamp = excluded.stamp"
    [SQL_SQLITE] = ON_CONFLICT,
    [SQL_PGSQL] = ON_CONFLICT,
    [SQL_MYSQL] = ADD "ON DUPLICATE KEY UPDATE messages = VALUES(messages), recipients = "
                      "VALUES(recipients), trusted = VALUES(trusted), stamp = VALUES(stamp)",
#undef ADD
#undef ON_CONFLICT
};

static const char *const add_client[] = {
#define ADD                                                                                        \
    "INSERT INTO spamgear_client(profile, kind, name_key, node, what, client_key, client, "        \
    "minute) "                                                                                     \
    "VALUES(?, ?, ?, ?, ?, ?, ?, ?) "
#define ON_CONFLICT                                                                                \
    ADD "ON CONFLICT (profile, kind, name_key, node, what, client_key) DO UPDATE SET minute = "    \
        "excluded.minute"
    [SQL_SQLITE] = ON_CONFLICT,
    [SQL_PGSQL] = ON_CONFLICT,
    [SQL_MYSQL] = ADD "ON DUPLICATE KEY UPDATE minute = VALUES(minute)",
#undef ADD
#undef ON_CONFLICT
};

/* ---- names ---- */

void fleet_encode(struct strbuf *out, struct span name)
{
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.at[i];
        if (c > ' ' && c < 127 && c != '%')
            strbuf_add_char(out, (char)c);
        else
            strbuf_format(out, "%%%02X", c);
    }
}

static int hex(char c)
{
    return !isxdigit((unsigned char)c) ? -1 : c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

void fleet_decode(struct strbuf *out, struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        int high = text.at[i] == '%' && i + 2 < text.len ? hex(text.at[i + 1]) : -1;
        int low = high < 0 ? -1 : hex(text.at[i + 2]);
        strbuf_add_char(out, low < 0 ? text.at[i] : (char)(high * 16 + low));
        i += low < 0 ? 0 : 2;
    }
}

int fleet_key(struct span name, char key[FLEET_KEY + 1], struct strbuf *why)
{
    uint8_t hash[DIGEST_BYTES];
    if (digest_load(why) != 0)
        return -1;
    digest_of(name, hash);
    digest_hex(hash, FLEET_KEY / 2, key);
    key[FLEET_KEY] = '\0';
    return 0;
}

/* ---- asking ---- */

struct sender {
    char kind[12], key[FLEET_KEY + 1];
    struct strbuf name;
    struct span profile;
};

static int sender_init(struct sender *sender, const char *profile, enum sender_kind kind,
                       struct span name, struct strbuf *why)
{
    *sender = (struct sender){.profile = span_text(profile)};
    snprintf(sender->kind, sizeof sender->kind, "%d", (int)kind);
    fleet_encode(&sender->name, name);
    if (sender->name.len > FLEET_NAME_MAX)
        sender->name.len = FLEET_NAME_MAX;
    return fleet_key(name, sender->key, why);
}

/* In a transaction of its own; what is in conflict with another node is done again. */
static int change(struct link *link, const char *text, const struct span *values, size_t count,
                  size_t rows, uint64_t *changed, struct strbuf *why)
{
    int done = -1;
    for (int i = 0; i < TRIES; i++) {
        done = link_change(link, text, values, count, rows, changed, why);
        if (done == 0 || link_trouble(link) != LINK_CONFLICT)
            break;
        usleep(1000u * (unsigned)(1 + (getpid() + i * 7) % 20));
    }
    return done;
}

static uint64_t number_of(struct span text)
{
    unsigned long long number;
    return span_number(text, &number) ? number : 0;
}

/* What another node saw counts, or not. */
struct asked {
    struct fleet_others *others;
    bool vouched; /* only nodes that vouch for all they counted */
    struct texts nodes;
};

static void take_sum(void *state, const struct span *columns, size_t len)
{
    struct asked *asked = state;
    struct fleet_others *others = asked->others;
    if (len < 4)
        return;
    uint64_t messages = number_of(columns[1]), trusted = number_of(columns[3]);
    if (asked->vouched && trusted < messages)
        return;
    char *node = mem_text_of(columns[0].at, columns[0].len);
    texts_add(&asked->nodes, node);
    free(node);
    others->nodes++;
    others->sum.messages += messages;
    others->sum.recipients += number_of(columns[2]);
    others->trusted += trusted < messages ? trusted : messages;
}

static void take_client(void *state, const struct span *columns, size_t len)
{
    struct asked *asked = state;
    struct strbuf text = {0};
    if (len < 3)
        return;
    strbuf_add_span(&text, columns[0]);
    if (!asked->vouched || texts_has(&asked->nodes, strbuf_text(&text))) {
        strbuf_reset(&text);
        fleet_decode(&text, columns[2]);
        texts_add(span_is(columns[1], SPAN("0")) ? &asked->others->networks
                                                 : &asked->others->unknown,
                  strbuf_text(&text));
    }
    strbuf_clear(&text);
}

int fleet_ask(struct link *link, const char *node, const char *profile, enum sender_kind kind,
              struct span name, int64_t since, bool vouched, struct fleet_others *others,
              struct strbuf *why)
{
    struct sender sender;
    struct asked asked = {.others = others, .vouched = vouched};
    char minute[24], last[24]; /* beyond, it was counted by a clock that was ahead */
    *others = (struct fleet_others){0};
    snprintf(minute, sizeof minute, "%" PRId64, since / 60);
    snprintf(last, sizeof last, "%" PRId64, (clock_now() + STAMP_BACK_S) / 60);
    int done = sender_init(&sender, profile, kind, name, why);
    const struct span values[] = {sender.profile,  span_text(sender.kind), span_text(sender.key),
                                  span_text(node), span_text(minute),      span_text(last)};
    if (done == 0)
        done = link_ask(link,
                        "SELECT node, SUM(messages), SUM(recipients), SUM(trusted) FROM "
                        "spamgear_flow WHERE profile = ? AND kind = ? AND name_key = ? AND node <> "
                        "? AND minute >= ? AND minute <= ? GROUP BY node",
                        values, 6, take_sum, &asked, why);
    if (done == 0)
        done = link_ask(link,
                        "SELECT node, what, client FROM spamgear_client WHERE profile = ? AND kind "
                        "= ? AND name_key = ? AND node <> ? AND minute >= ?",
                        values, 5, take_client, &asked, why);
    texts_clear(&asked.nodes);
    strbuf_clear(&sender.name);
    return done;
}

void fleet_others_clear(struct fleet_others *others)
{
    texts_clear(&others->networks);
    texts_clear(&others->unknown);
}

/* ---- telling ---- */

#define CLIENT_COLUMNS 8

static int tell_list(struct link *link, const struct span head[4], const char *what,
                     const struct texts *list, const char *minute, struct strbuf *why)
{
    size_t rows = list->len > CLIENT_MAX ? CLIENT_MAX : list->len;
    struct span *values = mem_zero(rows * CLIENT_COLUMNS + 1, sizeof *values);
    char(*keys)[FLEET_KEY + 1] = mem_zero(rows + 1, sizeof *keys);
    struct texts names = {0};
    int done = 0;
    for (size_t i = 0; done == 0 && i < rows; i++) {
        struct strbuf name = {0};
        fleet_encode(&name, span_text(list->at[i]));
        texts_add(&names, strbuf_text(&name));
        strbuf_clear(&name);
        done = fleet_key(span_text(list->at[i]), keys[i], why);
        struct span *row = values + i * CLIENT_COLUMNS;
        memcpy(row, head, 4 * sizeof *row);
        row[4] = span_text(what);
        row[5] = span_text(keys[i]);
        row[6] = span_text(names.at[i]);
        row[7] = span_text(minute);
    }
    if (done == 0 && rows > 0)
        done = change(link, add_client[link_kind(link)], values, CLIENT_COLUMNS, rows, NULL, why);
    texts_clear(&names);
    free(keys);
    free(values);
    return done;
}

int fleet_tell_networks(struct link *link, const char *node, const char *profile,
                        enum sender_kind kind, struct span name, int64_t minute,
                        const struct texts *networks, const struct texts *unknown,
                        struct strbuf *why)
{
    struct sender sender;
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, minute);
    int done = sender_init(&sender, profile, kind, name, why);
    const struct span head[] = {sender.profile, span_text(sender.kind), span_text(sender.key),
                                span_text(node)};
    if (done == 0)
        done = tell_list(link, head, "0", networks, text, why);
    if (done == 0)
        done = tell_list(link, head, "1", unknown, text, why);
    strbuf_clear(&sender.name);
    return done;
}

/* ---- claims ---- */

static int claim(struct link *link, const char *node, const struct sender *sender, int64_t since,
                 int64_t now_ms, struct strbuf *why)
{
    char now[24], stale[24], old[24];
    uint64_t changed = 0;
    snprintf(now, sizeof now, "%" PRId64, now_ms);
    snprintf(stale, sizeof stale, "%" PRId64, now_ms - CLAIM_MS);
    snprintf(old, sizeof old, "%" PRId64, since * 1000);
    const struct span profile = sender->profile, kind = span_text(sender->kind),
                      key = span_text(sender->key), me = span_text(node);
    const struct span row[] = {profile, kind, key, strbuf_span(&sender->name), me, span_text(now)};
    if (change(link,
               "INSERT INTO spamgear_claim(profile, kind, name_key, name, node, claimed, "
               "confirmed) VALUES(?, ?, ?, ?, ?, ?, 0)",
               row, 6, 1, &changed, why) == 0)
        return 1;
    if (link_trouble(link) != LINK_DUPLICATE)
        return -1;
    const struct span taken[] = {me,  span_text(now), profile, kind,
                                 key, span_text(old), me,      span_text(stale)};
    if (change(link,
               "UPDATE spamgear_claim SET node = ?, claimed = ?, confirmed = 0 WHERE profile = ? "
               "AND kind = ? AND name_key = ? AND (claimed < ? OR confirmed = " LET_GO
               " OR node = ? OR (confirmed = 0 AND claimed < ?))",
               taken, 8, 1, &changed, why) != 0)
        return -1;
    return changed > 0;
}

int fleet_claim(struct link *link, const char *node, const char *profile, enum sender_kind kind,
                struct span name, int64_t since, struct strbuf *why)
{
    struct sender sender;
    int64_t now_ms;
    int done = sender_init(&sender, profile, kind, name, why);
    if (done == 0)
        done = link_clock(link, &now_ms, why);
    if (done == 0)
        done = claim(link, node, &sender, since, now_ms, why);
    strbuf_clear(&sender.name);
    return done;
}

int fleet_confirm(struct link *link, const char *node, const char *profile, enum sender_kind kind,
                  struct span name, struct strbuf *why)
{
    struct sender sender;
    int done = sender_init(&sender, profile, kind, name, why);
    const struct span values[] = {sender.profile, span_text(sender.kind), span_text(sender.key),
                                  span_text(node)};
    if (done == 0)
        done = change(link,
                      "UPDATE spamgear_claim SET confirmed = " CONFIRMED
                      " WHERE profile = ? AND kind = ? AND "
                      "name_key = ? AND node = ?",
                      values, 4, 1, NULL, why);
    strbuf_clear(&sender.name);
    return done;
}

int fleet_release(struct link *link, const char *node, const char *profile, enum sender_kind kind,
                  struct span name, bool confirmed, int64_t let_go, struct strbuf *why)
{
    struct sender sender;
    char when[24];
    snprintf(when, sizeof when, "%" PRId64, let_go * 1000);
    int done = sender_init(&sender, profile, kind, name, why);
    const struct span values[] = {span_text(when),        sender.profile,
                                  span_text(sender.kind), span_text(sender.key),
                                  span_text(node),        confirmed ? SPAN(CONFIRMED) : SPAN("0")};
    if (done == 0)
        done = let_go > 0
                   ? change(link,
                            "UPDATE spamgear_claim SET confirmed = " LET_GO
                            ", claimed = ? WHERE profile = ? AND kind = ? AND name_key = ? AND "
                            "node = ? AND confirmed = ?",
                            values, 6, 1, NULL, why)
                   : change(link,
                            "DELETE FROM spamgear_claim WHERE profile = ? AND kind = ? AND "
                            "name_key = ? AND node = ? AND confirmed = ?",
                            values + 1, 5, 1, NULL, why);
    strbuf_clear(&sender.name);
    return done;
}

static void take_let_go(void *state, const struct span *columns, size_t len)
{
    if (len > 0)
        *(int64_t *)state = (int64_t)(number_of(columns[0]) / 1000);
}

int fleet_let_go(struct link *link, const char *profile, enum sender_kind kind, struct span name,
                 int64_t *let_go, struct strbuf *why)
{
    struct sender sender;
    *let_go = 0;
    int done = sender_init(&sender, profile, kind, name, why);
    const struct span values[] = {sender.profile, span_text(sender.kind), span_text(sender.key)};
    if (done == 0)
        done = link_ask(
            link,
            "SELECT claimed FROM spamgear_claim WHERE profile = ? AND kind = ? AND name_key "
            "= ? AND confirmed = " LET_GO,
            values, 3, take_let_go, let_go, why);
    strbuf_clear(&sender.name);
    return done;
}

struct claims {
    void (*each)(void *state, const char *profile, enum sender_kind kind, struct span name);
    void *state;
};

static void take_claim(void *state, const struct span *columns, size_t len)
{
    const struct claims *claims = state;
    struct strbuf profile = {0}, name = {0};
    uint64_t kind = len < 3 ? SENDER_KINDS : number_of(columns[1]);
    if (kind >= SENDER_KINDS)
        return;
    strbuf_add_span(&profile, columns[0]);
    fleet_decode(&name, columns[2]);
    claims->each(claims->state, strbuf_text(&profile), (enum sender_kind)kind, strbuf_span(&name));
    strbuf_clear(&profile);
    strbuf_clear(&name);
}

int fleet_claims(struct link *link, const char *node,
                 void (*each)(void *state, const char *profile, enum sender_kind kind,
                              struct span name),
                 void *state, struct strbuf *why)
{
    struct claims claims = {each, state};
    const struct span values[] = {span_text(node)};
    return link_ask(link,
                    "SELECT profile, kind, name FROM spamgear_claim WHERE node = ? AND confirmed "
                    "= " CONFIRMED,
                    values, 1, take_claim, &claims, why);
}
