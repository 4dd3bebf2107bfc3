/* feeder_rows - spam events into another database, in order, each once.
 *
 * Our row and the administrator's query stand in one transaction; where that was cut off, the
 * greatest number there says whether it was committed. A row that is refused for what is in it is
 * set aside: it stands in our table with a note, and the others go on.
 */
#include "feeder_own.h"

#include "spamgear/base/clock.h"
#include "spamgear/base/text.h"
#include "spamgear/store/schema.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ROWS      1000 /* of a transaction */
#define COLUMNS   18
#define CONFLICTS 20
#define TOLD_MAX  10 /* rows that were set aside, by name */
#define NOTE      17 /* column of the note */
#define NOTE_MAX  500

static const char insert_text[] =
    "INSERT INTO spamgear_spam(node, life, seq, time, verdict_time, queue_id, message_id, sender, "
    "client, client_name, sasl, uid, verdict, score, threshold, victims, origin, note) VALUES(?, "
    "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

struct batch {
    struct feeder_work *work;
    struct feeder_table insert, own;
    VEC(uint64_t) numbers;
};

/* ---- the connection ---- */

static void take_number(void *state, const struct span *columns, size_t len)
{
    unsigned long long number;
    if (len > 0 && span_number(columns[0], &number))
        *(uint64_t *)state = number;
}

/* Numbers that the state has not given out yet: it was put back to an older copy, and new rows
 * would be taken for those that are there. They wait until somebody has looked. */
static int check_place(struct feeder_work *work, uint64_t there, struct strbuf *why)
{
    uint64_t newest, rows, bytes;
    if (state_reader_size(work->reader, &newest, &rows, &bytes, why) != 0)
        return -1;
    return there <= newest
               ? 0
               : strbuf_why(why, "it has rows that are newer than those of this state, "
                                 "which seems to be an older copy: move postlog.db away");
}

/* What the other database has may be more than was noted here: the last answer was lost. */
static int find_place(struct feeder_work *work, struct strbuf *why)
{
    uint64_t there = 0;
    const struct span values[] = {span_text(work->settings->node), span_text(work->life)};
    if (state_reader_sent(work->reader, &work->sent, why) != 0)
        return -1;
    if (work->insert == NULL)
        return 0;
    struct link_statement *ask = link_prepare(
        work->link, "SELECT MAX(seq) FROM spamgear_spam WHERE node = ? AND life = ?", why);
    int done = ask == NULL ? -1 : link_select(work->link, ask, values, 2, take_number, &there, why);
    if (ask != NULL)
        link_forget(work->link, ask);
    if (done == 0 && there > work->sent)
        work->sent = there;
    return done == 0 ? check_place(work, there, why) : done;
}

static int find_tables(struct feeder_work *work, struct strbuf *why)
{
    int version = schema_version(work->link, why);
    if (version < 0)
        return -1;
    if (version > SCHEMA_VERSION)
        return strbuf_why(why, "its tables are of a newer spamgear: version %d, this one knows %d",
                          version, SCHEMA_VERSION);
    if (version < SCHEMA_VERSION &&
        (version > 0 || work->settings->query == NULL || work->settings->fleet))
        return strbuf_why(why, "it lacks the tables of version %d: spamgear store %s makes them",
                          SCHEMA_VERSION, version == 0 ? "init" : "upgrade");
    work->insert = NULL;
    if (version == 0 && !work->repeats_told)
        feeder_tell(work->fd, false,
                    "the database has no tables of spamgear (spamgear store init): a row whose "
                    "answer is lost comes twice");
    work->repeats_told = true;
    if (version > 0)
        work->insert = link_prepare(work->link, insert_text, why);
    return version > 0 && work->insert == NULL ? -1 : 0;
}

int feeder_rows_begin(struct feeder_work *work, struct strbuf *why)
{
    const struct query *query = work->settings->query;
    uint64_t life;
    if (state_reader_life(work->reader, &life, why) != 0)
        return -1;
    snprintf(work->life, sizeof work->life, "%" PRIu64, life);
    work->own = NULL;
    if (find_tables(work, why) != 0)
        return -1;
    if (query != NULL)
        work->own = link_prepare(work->link, strbuf_text(&query->statement), why);
    return query != NULL && work->own == NULL ? -1 : find_place(work, why);
}

/* ---- rows ---- */

static void add_score(struct feeder_table *table, bool there, double score)
{
    char text[40];
    if (!there) {
        feeder_table_null(table);
        return;
    }
    int len = snprintf(text, sizeof text, "%.3f", score > 1e9 ? 1e9 : score < -1e9 ? -1e9 : score);
    feeder_table_add(table, (struct span){text, (size_t)len}, sizeof text);
}

/* Bounds are those of the columns (schema.c). */
static void add_insert(struct feeder_work *work, struct feeder_table *to, uint64_t number,
                       const struct spam_event *event)
{
    feeder_table_add(to, span_text(work->settings->node), 64);
    feeder_table_add(to, span_text(work->life), 20);
    feeder_table_number(to, (int64_t)number);
    feeder_table_number(to, event->time);
    feeder_table_number(to, event->verdict_time);
    feeder_table_add(to, event->queue_id, 100);
    feeder_table_add(to, event->message_id, 1000);
    feeder_table_add(to, event->from, 180);
    feeder_table_add(to, event->client, 64);
    feeder_table_add(to, event->client_name, 255);
    feeder_table_add(to, event->sasl, 180);
    feeder_table_add(to, event->uid, 20);
    feeder_table_add(to, span_text(verdict_name(event->verdict)), 20);
    add_score(to, event->has_score, event->score);
    add_score(to, event->has_threshold, event->threshold);
    feeder_table_number(to, event->victims);
    feeder_table_add(to, event->origin == ORIGIN_TRUSTED ? SPAN("trusted") : SPAN("plain"), 20);
    feeder_table_null(to);
}

static void add_own(struct feeder_work *work, struct feeder_table *to,
                    const struct spam_event *event)
{
    struct strbuf value = {0};
    for (const char *letter = work->settings->query->letters; *letter != '\0'; letter++) {
        strbuf_reset(&value);
        if (query_value(event, *letter, work->settings->utc, &value))
            feeder_table_add(to, strbuf_span(&value), SIZE_MAX);
        else
            feeder_table_null(to);
    }
    strbuf_clear(&value);
}

static void add_row(void *state, uint64_t number, const struct spam_event *event)
{
    struct batch *batch = state;
    *vec_add(&batch->numbers) = number;
    add_insert(batch->work, &batch->insert, number, event);
    if (batch->work->own != NULL)
        add_own(batch->work, &batch->own, event);
}

/* ---- sending ---- */

static int run(struct feeder_work *work, struct link_statement *statement,
               struct feeder_table *table, size_t count, size_t from, size_t rows,
               struct strbuf *why)
{
    return statement == NULL
               ? 0
               : link_execute_rows(work->link, statement, feeder_table_values(table) + from * count,
                                   count, rows, why);
}

/* One transaction. */
static int send_some(struct batch *batch, size_t from, size_t rows, bool with_own,
                     struct strbuf *why)
{
    struct feeder_work *work = batch->work;
    if (link_begin(work->link, why) != 0)
        return -1;
    size_t letters = work->own == NULL ? 0 : strlen(work->settings->query->letters);
    if (run(work, work->insert, &batch->insert, COLUMNS, from, rows, why) == 0 &&
        run(work, with_own ? work->own : NULL, &batch->own, letters, from, rows, why) == 0 &&
        link_commit(work->link, why) == 0)
        return 0;
    link_rollback(work->link);
    return -1;
}

/* What another node or client was in the way of is done again. */
static int send_again(struct batch *batch, size_t from, size_t rows, bool with_own,
                      struct strbuf *why)
{
    int done = -1;
    for (int i = 0; i < CONFLICTS && done != 0; i++) {
        if (i > 0)
            usleep(5000u * (unsigned)i);
        done = send_some(batch, from, rows, with_own, why);
        if (done != 0 && link_trouble(batch->work->link) != LINK_CONFLICT)
            break;
    }
    return done;
}

static bool is_of_row(const struct feeder_work *work)
{
    enum link_trouble trouble = link_trouble(work->link);
    return trouble == LINK_DUPLICATE || trouble == LINK_BAD_VALUE;
}

static void tell_refused(struct feeder_work *work, uint64_t number, const char *reason)
{
    struct strbuf line = {0};
    work->refused++;
    strbuf_format(&line, "row %" PRIu64 " is set aside, the database does not take it: %s", number,
                  reason);
    if (work->refused == TOLD_MAX)
        strbuf_add_text(&line, "; further ones are not told");
    if (work->refused <= TOLD_MAX)
        feeder_tell(work->fd, true, strbuf_text(&line));
    strbuf_clear(&line);
}

/* Our own row with a note; the query's is left out. One that is there already is well, too. */
static int set_aside(struct batch *batch, size_t row, const char *reason, struct strbuf *why)
{
    struct feeder_work *work = batch->work;
    struct feeder_table *table = &batch->insert;
    if (work->insert == NULL)
        return 0;
    size_t at = table->bytes.len;
    feeder_table_add(table, span_text(reason), NOTE_MAX);
    table->places.at[row * COLUMNS + NOTE] =
        (struct feeder_value){at, table->bytes.len - at, false};
    table->places.len--;
    return send_again(batch, row, 1, false, why) == 0 || is_of_row(work) ? 0 : -1;
}

static int send_row(struct batch *batch, size_t row, struct strbuf *why)
{
    struct feeder_work *work = batch->work;
    if (send_again(batch, row, 1, true, why) == 0)
        return 0;
    if (!is_of_row(work))
        return -1;
    char *reason = mem_text(strbuf_text(why));
    tell_refused(work, batch->numbers.at[row], reason);
    int done = set_aside(batch, row, reason, why);
    free(reason);
    return done;
}

static int send_each(struct batch *batch, struct strbuf *why)
{
    for (size_t i = 0; i < batch->numbers.len; i++) {
        if (send_row(batch, i, why) != 0)
            return -1;
        batch->work->sent = batch->numbers.at[i];
    }
    return 0;
}

static int send_batch(struct batch *batch, struct strbuf *why)
{
    struct feeder_work *work = batch->work;
    size_t rows = batch->numbers.len;
    uint64_t before = work->sent;
    int done = send_again(batch, 0, rows, true, why);
    if (done == 0)
        work->sent = batch->numbers.at[rows - 1];
    else if (is_of_row(work))
        done = send_each(batch, why);
    if (work->sent != before &&
        state_reader_set_sent(work->reader, work->sent, done == 0 ? why : NULL) != 0)
        return -1;
    if (done == 0) {
        work->rows_sent += rows;
        work->last_s = clock_now();
        feeder_recover(work);
    }
    return done;
}

int feeder_rows_send(struct feeder_work *work, struct strbuf *why)
{
    struct batch batch = {.work = work};
    int got = state_reader_spam(work->reader, work->sent, ROWS, add_row, &batch, why);
    int done = got > 0 ? send_batch(&batch, why) : got;
    feeder_table_clear(&batch.insert);
    feeder_table_clear(&batch.own);
    vec_clear(&batch.numbers);
    return done < 0 ? -1 : got == ROWS;
}
