/* state_write - one batch, one transaction; and what goes when it is old or too much.
 *
 * Rows go in portions, each a transaction of its own, between which batches are written: nothing
 * waits for a purge of millions of rows.
 */
#include "state_own.h"

#include "spamgear/base/clock.h"
#include <inttypes.h>
#include <string.h>

#define PORTION "2000"
#define LEAP_S  86400
#define DOUBT_S 3600
#define NOTE_S  3600 /* so often the clock is noted */

enum statement {
    PUT_MARK,
    PUT_THREAD,
    DROP_THREAD,
    PUT_WATCH,
    PUT_SPAM,
    PUT_CHANGE,
    PUT_COUNTER,
    DROP_OLD_SPAM,
    DROP_FIRST_SPAM,
    DROP_OLD_WATCH,
    STATEMENTS
};

static const char *const texts[STATEMENTS] = {
    [PUT_MARK] = "INSERT OR REPLACE INTO mark VALUES (?1, ?2)",
    [PUT_THREAD] = "INSERT OR REPLACE INTO thread VALUES (?1, ?2)",
    [DROP_THREAD] = "DELETE FROM thread WHERE number = ?1",
    [PUT_WATCH] = "INSERT INTO watch VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) "
                  "ON CONFLICT (profile, key) DO UPDATE SET minute = ?3, bytes = ?4, kind = ?5, "
                  "name = ?6, messages = ?7, recipients = ?8, change = ?9, trusted = ?10",
    [PUT_SPAM] = "INSERT INTO spam (time, verdict_time, queue_id, message_id, sender, client,"
                 " client_name, sasl, uid, verdict, score, threshold, victims, origin) "
                 "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
    [PUT_CHANGE] = "UPDATE counter SET number = ?1 WHERE name = 'change'",
    [PUT_COUNTER] = "INSERT OR REPLACE INTO counter VALUES (?1, ?2)",
    [DROP_OLD_SPAM] = "DELETE FROM spam WHERE number IN (SELECT number FROM spam "
                      "WHERE verdict_time < ?1 AND number <= ?2 LIMIT " PORTION ")",
    [DROP_FIRST_SPAM] = "DELETE FROM spam WHERE number IN "
                        "(SELECT number FROM spam ORDER BY number LIMIT min(" PORTION ", ?1))",
    [DROP_OLD_WATCH] = "DELETE FROM watch WHERE rowid IN "
                       "(SELECT rowid FROM watch WHERE minute < ?1 LIMIT " PORTION ")",
};

struct state_writer {
    struct sqlite *db;
    struct sqlite_query *queries[STATEMENTS];
    int64_t change;                /* number of the last bucket that was written */
    uint64_t rows, newest;         /* spam events that are there; the last one's number */
    uint64_t written, early, gone; /* see state_numbers */
    int64_t seen_s, seen_ms;       /* the clock, and the steady one with it; 0: never */
    int64_t doubt_s;               /* when a leap was seen; 0: none */
    int64_t noted_s, noted_doubt_s;
};

/* ---- opening ---- */

static int count_rows(struct state_writer *writer, struct strbuf *why)
{
    int64_t rows, newest;
    if (state_ask(writer->db, "SELECT count(*) FROM spam", 0, &rows, why) != 0 ||
        state_ask(writer->db, "SELECT seq FROM sqlite_sequence WHERE name = 'spam'", 0, &newest,
                  why) != 0 ||
        state_ask(writer->db, "SELECT number FROM counter WHERE name = 'change'", 0,
                  &writer->change, why) != 0 ||
        state_ask(writer->db, "SELECT number FROM counter WHERE name = 'clock'", 0, &writer->seen_s,
                  why) != 0 ||
        state_ask(writer->db, "SELECT number FROM counter WHERE name = 'doubt'", 0,
                  &writer->doubt_s, why) != 0)
        return -1;
    writer->noted_doubt_s = writer->doubt_s;
    writer->seen_ms = clock_steady_ms();
    writer->rows = (uint64_t)rows;
    writer->newest = (uint64_t)newest;
    return 0;
}

struct state_writer *state_writer_open(struct sqlite *db, struct strbuf *why)
{
    struct state_writer *writer = mem_zero(1, sizeof *writer);
    writer->db = db;
    int result = count_rows(writer, why);
    for (size_t i = 0; result == 0 && i < STATEMENTS; i++) {
        writer->queries[i] = sqlite_prepare(db, texts[i], why);
        result = writer->queries[i] == NULL ? -1 : 0;
    }
    if (result == 0)
        return writer;
    state_writer_close(writer);
    return NULL;
}

void state_writer_close(struct state_writer *writer)
{
    if (writer == NULL)
        return;
    for (size_t i = 0; i < STATEMENTS; i++)
        sqlite_query_close(writer->queries[i]);
    free(writer);
}

/* Runs a statement whose values are bound. */
static int run(struct state_writer *writer, enum statement which, struct strbuf *why)
{
    int result = sqlite_step(writer->queries[which], why);
    sqlite_reset(writer->queries[which]);
    return result < 0 ? -1 : 0;
}

/* ---- a batch ---- */

static int put_mark(struct state_writer *writer, struct span source, struct span mark,
                    struct strbuf *why)
{
    sqlite_bind_text(writer->queries[PUT_MARK], 1, source);
    sqlite_bind_text(writer->queries[PUT_MARK], 2, mark);
    return run(writer, PUT_MARK, why);
}

static int put_thread(struct state_writer *writer, struct span key, struct span bytes,
                      struct strbuf *why)
{
    uint64_t number;
    enum statement which = bytes.len == 0 ? DROP_THREAD : PUT_THREAD;
    memcpy(&number, key.at, sizeof number);
    sqlite_bind_number(writer->queries[which], 1, (int64_t)number);
    if (which == PUT_THREAD)
        sqlite_bind_blob(writer->queries[which], 2, bytes);
    return run(writer, which, why);
}

static int put_watch(struct state_writer *writer, const struct state_value *value, struct span key,
                     struct span bytes, int64_t change, struct strbuf *why)
{
    struct sqlite_query *query = writer->queries[PUT_WATCH];
    size_t profile = strlen(key.at);
    sqlite_bind_text(query, 1, (struct span){key.at, profile});
    sqlite_bind_blob(query, 2, span_skip(key, profile + 1));
    sqlite_bind_number(query, 3, value->minute);
    sqlite_bind_blob(query, 4, bytes);
    if (value->is_bucket) {
        sqlite_bind_number(query, 5, (int64_t)value->kind);
        sqlite_bind_text(query, 6, (struct span){bytes.at + bytes.len, value->name_len});
        sqlite_bind_number(query, 7, (int64_t)value->sum.messages);
        sqlite_bind_number(query, 8, (int64_t)value->sum.recipients);
        sqlite_bind_number(query, 9, change);
        sqlite_bind_number(query, 10, (int64_t)value->trusted);
    }
    return run(writer, PUT_WATCH, why);
}

static int put_values(struct state_writer *writer, const struct state_batch *batch, int64_t *change,
                      struct strbuf *why)
{
    int result = 0;
    for (uint32_t i = 0; result == 0 && i < batch->values.len; i++) {
        const struct state_value *value = &batch->values.at[i];
        struct span key = span_skip(map_key(&batch->keys, i), 1);
        struct span bytes = {strbuf_text(&batch->arena) + value->at, value->len};
        if (value->what == STATE_MARK)
            result = put_mark(writer, key, bytes, why);
        else if (value->what == STATE_THREAD)
            result = put_thread(writer, key, bytes, why);
        else
            result = put_watch(writer, value, key, bytes, value->is_bucket ? ++*change : 0, why);
    }
    return result;
}

static int put_spam(struct state_writer *writer, const struct spam_event *event, struct strbuf *why)
{
    struct sqlite_query *query = writer->queries[PUT_SPAM];
    const struct span columns[] = {
        event->queue_id,    event->message_id,
        event->from,        event->client,
        event->client_name, event->sasl,
        event->uid,         span_text(mail_verdict_name(event->verdict))};
    sqlite_bind_number(query, 1, event->time);
    sqlite_bind_number(query, 2, event->verdict_time);
    for (int i = 0; i < 8; i++)
        sqlite_bind_text(query, 3 + i, columns[i]);
    if (event->has_score)
        sqlite_bind_real(query, 11, event->score);
    if (event->has_threshold)
        sqlite_bind_real(query, 12, event->threshold);
    sqlite_bind_number(query, 13, event->victims);
    sqlite_bind_text(query, 14, event->origin == ORIGIN_TRUSTED ? SPAN("trusted") : SPAN("plain"));
    return run(writer, PUT_SPAM, why);
}

static int put_all(struct state_writer *writer, const struct state_batch *batch, int64_t *change,
                   struct strbuf *why)
{
    if (put_values(writer, batch, change, why) != 0)
        return -1;
    for (size_t i = 0; i < batch->spam.len; i++)
        if (put_spam(writer, &batch->spam.at[i].event, why) != 0)
            return -1;
    if (*change == writer->change)
        return 0;
    sqlite_bind_number(writer->queries[PUT_CHANGE], 1, *change);
    return run(writer, PUT_CHANGE, why);
}

int state_writer_put(struct state_writer *writer, const struct state_batch *batch,
                     struct strbuf *why)
{
    int64_t change = writer->change;
    if (sqlite_run(writer->db, "BEGIN IMMEDIATE", why) != 0)
        return -1;
    if (put_all(writer, batch, &change, why) != 0 || sqlite_run(writer->db, "COMMIT", why) != 0) {
        sqlite_run(writer->db, "ROLLBACK", NULL);
        return -1;
    }
    writer->change = change;
    writer->rows += batch->spam.len;
    writer->newest += batch->spam.len;
    writer->written += batch->spam.len;
    return 0;
}

/* ---- what goes ---- */

static int sent(struct state_writer *writer, uint64_t *number, struct strbuf *why)
{
    int64_t got;
    int result =
        state_ask(writer->db, "SELECT number FROM counter WHERE name = 'sent'", 0, &got, why);
    *number = (uint64_t)got;
    return result;
}

/* Rows that come last and are behind `number`; there are no gaps among them. */
static uint64_t behind(const struct state_writer *writer, uint64_t number)
{
    uint64_t after = number < writer->newest ? writer->newest - number : 0;
    return after < writer->rows ? after : writer->rows;
}

static int drop_spam(struct state_writer *writer, enum statement which, uint64_t *dropped,
                     struct strbuf *why)
{
    int64_t before = sqlite_changes(writer->db);
    if (run(writer, which, why) != 0)
        return -1;
    *dropped = (uint64_t)(sqlite_changes(writer->db) - before);
    writer->rows -= *dropped;
    return *dropped > 0;
}

/* What another database has not got yet is not too old. */
static int purge_old(struct state_writer *writer, const struct state_limits *limits,
                     struct strbuf *why)
{
    uint64_t number, dropped;
    if (sent(writer, &number, why) != 0)
        return -1;
    struct sqlite_query *query = writer->queries[DROP_OLD_SPAM];
    sqlite_bind_number(query, 1, clock_now() - limits->keep_s);
    sqlite_bind_number(query, 2, limits->feeds ? (int64_t)number : INT64_MAX);
    return drop_spam(writer, DROP_OLD_SPAM, &dropped, why);
}

/* Rows that are too many: for their number, or for the file's size. */
static int excess(struct state_writer *writer, const struct state_limits *limits, uint64_t *rows,
                  struct strbuf *why)
{
    int64_t used;
    if (state_ask(writer->db,
                  "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, "
                  "pragma_freelist_count, pragma_page_size",
                  0, &used, why) != 0)
        return -1;
    *rows = writer->rows > limits->rows_max ? writer->rows - limits->rows_max : 0;
    if (*rows == 0 && (uint64_t)used > limits->bytes_max)
        *rows =
            1 + (uint64_t)((double)writer->rows * (1 - (double)limits->bytes_max / (double)used));
    return 0;
}

static int purge_excess(struct state_writer *writer, const struct state_limits *limits,
                        struct strbuf *why)
{
    uint64_t rows, number, dropped;
    if (excess(writer, limits, &rows, why) != 0 || sent(writer, &number, why) != 0)
        return -1;
    if (rows == 0 || writer->rows == 0)
        return 0;
    uint64_t unsent = behind(writer, number), done = writer->rows - unsent;
    sqlite_bind_number(writer->queries[DROP_FIRST_SPAM], 1, (int64_t)rows);
    int result = drop_spam(writer, DROP_FIRST_SPAM, &dropped, why);
    writer->early += result == 1 ? dropped : 0;
    if (result == 1 && limits->feeds && dropped > done)
        writer->gone += dropped - done;
    return result;
}

static int purge_watch(struct state_writer *writer, const struct state_limits *limits,
                       struct strbuf *why)
{
    sqlite_bind_number(writer->queries[DROP_OLD_WATCH], 1,
                       (clock_now() - limits->watch_keep_s) / 60);
    int64_t before = sqlite_changes(writer->db);
    int result = run(writer, DROP_OLD_WATCH, why);
    return result < 0 ? -1 : sqlite_changes(writer->db) > before;
}

/* A clock that leaps ahead (an empty battery, a slip of the hand) is usually put right soon, and
 * what has gone for its age does not come back. For an hour by that clock nothing is old, over
 * restarts as well: a run from cron lasts for seconds. */
static bool is_in_doubt(struct state_writer *writer)
{
    int64_t now = clock_now(), steady = clock_steady_ms();
    int64_t passed = (steady - writer->seen_ms) / 1000;
    bool leapt = writer->seen_s != 0 && now - writer->seen_s > passed + LEAP_S;
    if (leapt && writer->doubt_s == 0)
        writer->doubt_s = now;
    else if (now < writer->doubt_s || now - writer->doubt_s >= DOUBT_S)
        writer->doubt_s = 0;
    writer->seen_s = now;
    writer->seen_ms = steady;
    return writer->doubt_s != 0;
}

static int put_counter(struct state_writer *writer, struct span name, int64_t number,
                       struct strbuf *why)
{
    sqlite_bind_text(writer->queries[PUT_COUNTER], 1, name);
    sqlite_bind_number(writer->queries[PUT_COUNTER], 2, number);
    return run(writer, PUT_COUNTER, why);
}

/* For the next start. */
static int note_clock(struct state_writer *writer, struct strbuf *why)
{
    int64_t since = writer->seen_s - writer->noted_s;
    if (since >= 0 && since < NOTE_S && writer->doubt_s == writer->noted_doubt_s)
        return 0;
    if (put_counter(writer, SPAN("doubt"), writer->doubt_s, why) != 0 ||
        put_counter(writer, SPAN("clock"), writer->seen_s, why) != 0)
        return -1;
    writer->noted_s = writer->seen_s;
    writer->noted_doubt_s = writer->doubt_s;
    return 0;
}

int state_writer_purge(struct state_writer *writer, const struct state_limits *limits,
                       struct strbuf *why)
{
    int more = purge_excess(writer, limits, why);
    bool doubt = is_in_doubt(writer);
    if (more < 0 || note_clock(writer, why) != 0)
        return -1;
    if (doubt)
        return more;
    int old = purge_old(writer, limits, why);
    int watch = old < 0 ? -1 : purge_watch(writer, limits, why);
    return watch < 0 ? -1 : more + old + watch > 0;
}

int state_writer_look(struct state_writer *writer, struct state_numbers *numbers,
                      struct strbuf *why)
{
    uint64_t number;
    if (sent(writer, &number, why) != 0)
        return -1;
    *numbers = (struct state_numbers){.rows = writer->rows,
                                      .unsent = behind(writer, number),
                                      .written = writer->written,
                                      .early = writer->early,
                                      .gone = writer->gone};
    return 0;
}
