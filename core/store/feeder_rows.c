/* feeder_rows - spam events into another database, in order, each once.
 *
 * Our row and the administrator's query stand in one transaction; where that was cut off, the
 * greatest number there says whether it was committed. A row that the query is refused for what is
 * in it comes again in plain characters, since nobody may evade a listing by a strange address; if
 * that does not help it is set aside: it stands in our table with a note, and the others go on. A
 * query that refuses a harmless row as well is wrong itself: then all of them wait.
 */
#include "feeder_own.h"

#include "spamgear/base/clock.h"
#include "spamgear/base/text.h"
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
#define PLAIN_MAX 255 /* of a value in plain characters: the original's column */
#define REFUSED   10  /* rows one after another, until the query is tried again */

struct batch {
    struct feeder_work *work;
    struct feeder_table insert, own;
    VEC(uint64_t) numbers;
};

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
    feeder_table_add(to, event->queue_id, FEEDER_QUEUE_ID_MAX);
    feeder_table_add(to, event->message_id, 1000);
    feeder_table_add(to, event->from, 180);
    feeder_table_add(to, event->client, 64);
    feeder_table_add(to, event->client_name, 255);
    feeder_table_add(to, event->sasl, 180);
    feeder_table_add(to, event->uid, 20);
    feeder_table_add(to, span_text(mail_verdict_name(event->verdict)), 20);
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

/* Puts the value that was added last into a place of a row. */
static void move_value(struct feeder_table *table, size_t place)
{
    table->places.at[place] = table->places.at[table->places.len - 1];
    table->places.len--;
}

/* Our own row with a note; the query's is left out. */
static int set_aside(struct batch *batch, size_t row, const char *reason, struct strbuf *why)
{
    struct feeder_work *work = batch->work;
    if (work->insert == NULL)
        return 0;
    feeder_table_add(&batch->insert, span_text(reason), NOTE_MAX);
    move_value(&batch->insert, row * COLUMNS + NOTE);
    int done = send_again(batch, row, 1, false, why);
    if (done != 0 && link_trouble(work->link) == LINK_DUPLICATE)
        return strbuf_why(why, "another one writes rows of this node: does it have a copy of this "
                               "state?");
    return done == 0 || is_of_row(work) ? 0 : -1;
}

/* The query's values of a row without what a column may lack: only ASCII, not long. */
static void make_plain(struct batch *batch, size_t row)
{
    struct feeder_table *table = &batch->own;
    size_t letters = strlen(batch->work->settings->query->letters);
    for (size_t i = row * letters; i < (row + 1) * letters; i++) {
        struct feeder_value value = table->places.at[i];
        struct strbuf plain = {0};
        const char *at = strbuf_text(&table->bytes) + value.at;
        for (size_t c = 0; c < value.len; c++)
            strbuf_format(&plain, (unsigned char)at[c] < 0x80 ? "%c" : "\\x%02x",
                          (unsigned char)at[c]);
        feeder_table_add(table, strbuf_span(&plain), PLAIN_MAX);
        table->places.at[table->places.len - 1].null = value.null;
        move_value(table, i);
        strbuf_clear(&plain);
    }
}

/* Is the query wrong, whatever is in a row? */
static int prove_query(struct feeder_work *work, struct strbuf *why)
{
    struct strbuf wrong = {0};
    if (work->query_proven && ++work->refused_run < REFUSED)
        return 0;
    work->refused_run = 0;
    work->query_proven =
        query_try(work->link, work->own, work->settings->query, work->settings->utc, &wrong) == 0;
    if (!work->query_proven)
        strbuf_why(why, "the query is refused for any row: %s", strbuf_text(&wrong));
    strbuf_clear(&wrong);
    return work->query_proven ? 0 : -1;
}

static void note_taken(struct feeder_work *work)
{
    work->query_proven = true;
    work->refused_run = 0;
}

/* 0: it is there now, or the query is not wrong: *refused says which. */
static int send_plain(struct batch *batch, size_t row, bool *refused, struct strbuf *why)
{
    struct feeder_work *work = batch->work;
    make_plain(batch, row);
    *refused = send_again(batch, row, 1, true, why) != 0;
    if (*refused)
        return is_of_row(work) ? prove_query(work, why) : -1;
    note_taken(work);
    return 0;
}

static int send_row(struct batch *batch, size_t row, struct strbuf *why)
{
    struct feeder_work *work = batch->work;
    bool refused = send_again(batch, row, 1, true, why) != 0;
    if (!refused)
        note_taken(work);
    else if (!is_of_row(work))
        return -1;
    struct strbuf reason = {0};
    strbuf_add_text(&reason, strbuf_text(why));
    int done = 0;
    if (refused && work->own != NULL && link_trouble(work->link) == LINK_BAD_VALUE)
        done = send_plain(batch, row, &refused, why);
    if (done == 0 && refused)
        done = set_aside(batch, row, strbuf_text(&reason), why);
    if (done == 0 && refused)
        tell_refused(work, batch->numbers.at[row], strbuf_text(&reason));
    strbuf_clear(&reason);
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
    if (done == 0) {
        work->sent = batch->numbers.at[rows - 1];
        note_taken(work);
    } else if (is_of_row(work)) {
        done = send_each(batch, why);
    }
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
