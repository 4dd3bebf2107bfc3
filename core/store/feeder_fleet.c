/* feeder_fleet - own counts to the other nodes, and theirs summed up for the daemon.
 *
 * Counts are absolute, so that whatever is read or written twice does no harm. Rows carry the
 * database's clock; each look goes back a little behind the one before, since a row becomes visible
 * later than its stamp says. Where an upload took longer than that, it is done again.
 */
#include "feeder_own.h"

#include "spamgear/base/clock.h"
#include "spamgear/base/mem.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define OVERLAP_MS 6000
#define ROWS       1000
#define COLUMNS    10
#define CELLS_MAX  2000000 /* then all is read again, without what is old */
#define WHOLE_S    600     /* but not again and again, where so many are young */

struct upload {
    struct feeder_work *work;
    struct feeder_table rows;
    char stamp[24];
    int64_t oldest; /* minute */
    size_t count;
};

/* ---- up ---- */

static void add_bucket(void *state, const char *profile, const struct watch_bucket *bucket)
{
    struct upload *upload = state;
    struct strbuf name = {0};
    char key[FLEET_KEY + 1];
    fleet_encode(&name, bucket->name);
    if (bucket->minute >= upload->oldest && name.len <= FLEET_NAME_MAX &&
        strlen(profile) <= FLEET_PROFILE && fleet_key(bucket->name, key, NULL) == 0) {
        struct feeder_table *to = &upload->rows;
        feeder_table_add(to, span_text(profile), FLEET_PROFILE);
        feeder_table_number(to, (int64_t)bucket->kind);
        feeder_table_add(to, span_text(key), FLEET_KEY);
        feeder_table_number(to, bucket->minute);
        feeder_table_add(to, span_text(upload->work->settings->node), 64);
        feeder_table_add(to, strbuf_span(&name), FLEET_NAME_MAX);
        feeder_table_number(to, (int64_t)bucket->sum.messages);
        feeder_table_number(to, (int64_t)bucket->sum.recipients);
        feeder_table_number(to, (int64_t)bucket->trusted);
        feeder_table_add(to, span_text(upload->stamp), sizeof upload->stamp);
        upload->count++;
    }
    strbuf_clear(&name);
}

static int write_rows(struct link *link, struct upload *upload, struct strbuf *why)
{
    int done = link_begin(link, why);
    if (done == 0)
        done = link_change(link, fleet_add_flow[link_kind(link)],
                           feeder_table_values(&upload->rows), COLUMNS, upload->count, NULL, why);
    if (done == 0)
        done = link_commit(link, why);
    else
        link_rollback(link);
    return done;
}

/* How many changes there were; -1 with why. */
static int upload_some(struct feeder_work *work, struct strbuf *why)
{
    struct upload upload = {.work = work, .oldest = (clock_now() - work->settings->window_s) / 60};
    uint64_t last = work->fleet.uploaded;
    int64_t begun = clock_steady_ms(), now_ms;
    int done = link_clock(work->link, &now_ms, why);
    snprintf(upload.stamp, sizeof upload.stamp, "%" PRId64, now_ms);
    int got = done == 0
                  ? state_reader_buckets(work->reader, last, ROWS, add_bucket, &upload, &last, why)
                  : -1;
    done = got < 0 ? -1 : 0;
    if (upload.count > 0)
        done = write_rows(work->link, &upload, why);
    feeder_table_clear(&upload.rows);
    if (done != 0)
        return -1;
    if (clock_steady_ms() - begun > OVERLAP_MS / 2)
        return ROWS; /* once more, with another stamp */
    work->fleet.uploaded = last;
    return got;
}

/* ---- down ---- */

static uint64_t number_of(struct span text)
{
    unsigned long long number;
    return span_number(text, &number) ? number : 0;
}

static struct watch_sum *sum_of(struct map *map, struct span key, struct watch_sum **sums,
                                size_t *len, size_t *cap)
{
    uint32_t number = map_put(map, key, NULL);
    if (number == *len) {
        if (*len == *cap) /* else it would grow by half for each */
            mem_grow((void **)sums, cap, *len + 1, sizeof **sums);
        (*sums)[(*len)++] = (struct watch_sum){0};
    }
    return &(*sums)[number];
}

static void note_change(struct feeder_fleet *fleet, uint32_t number)
{
    while (fleet->changed.len <= number)
        *vec_add(&fleet->changed) = false;
    if (!fleet->changed.at[number])
        *vec_add(&fleet->news) = number;
    fleet->changed.at[number] = true;
}

/* node, profile, kind, minute, name, messages, recipients. */
static void take_row(void *state, const struct span *columns, size_t len)
{
    struct feeder_fleet *fleet = state;
    struct strbuf cell = {0};
    if (len < 7)
        return;
    for (size_t i = 0; i < 5; i++) {
        strbuf_add_span(&cell, columns[i]);
        strbuf_add_char(&cell, '\0');
    }
    struct span key = span_skip(strbuf_span(&cell), columns[0].len + 1);
    struct watch_sum now = {number_of(columns[5]), number_of(columns[6])};
    struct watch_sum *own = sum_of(&fleet->cells, strbuf_span(&cell), &fleet->cell_sums.at,
                                   &fleet->cell_sums.len, &fleet->cell_sums.cap);
    struct watch_sum *all =
        sum_of(&fleet->keys, key, &fleet->key_sums.at, &fleet->key_sums.len, &fleet->key_sums.cap);
    if (own->messages != now.messages || own->recipients != now.recipients) {
        all->messages += now.messages - own->messages;
        all->recipients += now.recipients - own->recipients;
        *own = now;
        note_change(fleet, map_get(&fleet->keys, key));
    }
    strbuf_clear(&cell);
}

static struct span take_part(struct span *key)
{
    const char *end = memchr(key->at, '\0', key->len);
    struct span part = span_of(key->at, end);
    *key = span_skip(*key, part.len + 1);
    return part;
}

static void tell_bucket(struct feeder_work *work, uint32_t number)
{
    struct feeder_fleet *fleet = &work->fleet;
    struct span key = map_key(&fleet->keys, number);
    struct span profile = take_part(&key), kind = take_part(&key), minute = take_part(&key);
    struct strbuf name = {0};
    fleet_decode(&name, take_part(&key));
    struct feeder_bucket bucket = {.type = FEEDER_BUCKET,
                                   .profile_len = (unsigned char)profile.len,
                                   .kind = (int)number_of(kind),
                                   .minute = (int64_t)number_of(minute),
                                   .sum = fleet->key_sums.at[number]};
    if (profile.len <= UINT8_MAX && name.len <= FLEET_NAME_MAX)
        feeder_send(work->fd, &bucket, sizeof bucket, profile, strbuf_span(&name));
    strbuf_clear(&name);
}

static void tell_news(struct feeder_work *work)
{
    struct feeder_fleet *fleet = &work->fleet;
    for (size_t i = 0; i < fleet->news.len; i++) {
        tell_bucket(work, fleet->news.at[i]);
        fleet->changed.at[fleet->news.at[i]] = false;
    }
    fleet->news.len = 0;
}

static void clear(struct feeder_fleet *fleet)
{
    map_clear(&fleet->cells);
    map_clear(&fleet->keys);
    vec_clear(&fleet->cell_sums);
    vec_clear(&fleet->key_sums);
    vec_clear(&fleet->changed);
    vec_clear(&fleet->news);
    fleet->downloaded = 0;
}

static int download(struct feeder_work *work, struct strbuf *why)
{
    struct feeder_fleet *fleet = &work->fleet;
    char since[24], oldest[24];
    int64_t now_ms, window = work->settings->window_s;
    int64_t age = clock_now() - fleet->whole;
    if (age > window || (age > WHOLE_S && fleet->cells.len > CELLS_MAX)) {
        clear(fleet);
        fleet->whole = clock_now();
    }
    if (link_clock(work->link, &now_ms, why) != 0)
        return -1;
    snprintf(since, sizeof since, "%" PRId64,
             fleet->downloaded == 0 ? 0 : fleet->downloaded - OVERLAP_MS);
    snprintf(oldest, sizeof oldest, "%" PRId64, (clock_now() - window) / 60);
    const struct span values[] = {span_text(since), span_text(oldest),
                                  span_text(work->settings->node)};
    int done = link_ask(work->link,
                        "SELECT node, profile, kind, minute, name, messages, recipients FROM "
                        "spamgear_flow WHERE stamp >= ? AND minute >= ? AND node <> ?",
                        values, 3, take_row, fleet, why);
    if (done == 0)
        fleet->downloaded = now_ms;
    tell_news(work);
    return done;
}

int feeder_fleet_share(struct feeder_work *work, struct strbuf *why)
{
    int got = ROWS;
    for (int i = 0; i < 20 && got == ROWS; i++)
        got = upload_some(work, why);
    int done = got < 0 ? -1 : download(work, why);
    if (done != 0 && link_trouble(work->link) == LINK_CONFLICT)
        return 0; /* the next time */
    if (done == 0)
        work->last_s = clock_now();
    return done;
}
