/* state_reader - the state seen from other processes.
 *
 * A connection that only reads; what was sent is noted through another, opened when it is first
 * needed. No transaction stays open between calls, since that would keep the write-ahead log from
 * being used again.
 */
#include "state_own.h"

#include <string.h>

enum statement { SPAM, BUCKETS, SENT, LIFE, MARKS, SIZE, BEHIND, STATEMENTS };

static const char *const texts[STATEMENTS] = {
    [SPAM] = "SELECT number, time, verdict_time, queue_id, message_id, sender, client, "
             "client_name, sasl, uid, verdict, score, threshold, victims, origin FROM spam "
             "WHERE number > ?1 ORDER BY number LIMIT ?2",
    [BUCKETS] = "SELECT change, profile, kind, name, minute, messages, recipients, trusted "
                "FROM watch WHERE change > ?1 ORDER BY change LIMIT ?2",
    [SENT] = "SELECT number FROM counter WHERE name = 'sent'",
    [LIFE] = "SELECT number FROM counter WHERE name = 'life'",
    [MARKS] = "SELECT source, mark FROM mark ORDER BY source",
    [SIZE] = "SELECT (SELECT seq FROM sqlite_sequence WHERE name = 'spam'), "
             "(SELECT count(*) FROM spam), page_count * page_size "
             "FROM pragma_page_count, pragma_page_size",
    [BEHIND] = "SELECT count(*) FROM spam WHERE number > ?1",
};

struct state_reader {
    char *path;
    struct sqlite *db, *writing;
    struct sqlite_query *queries[STATEMENTS], *set_sent;
};

struct state_reader *state_reader_open(const char *folder, struct strbuf *why)
{
    char *path = state_path(folder, "postlog.db");
    struct sqlite *db = state_tables_open_to_read(path, why);
    if (db == NULL) {
        free(path);
        return NULL;
    }
    struct state_reader *reader = mem_zero(1, sizeof *reader);
    reader->path = path;
    reader->db = db;
    bool good = true;
    for (size_t i = 0; good && i < STATEMENTS; i++)
        good = (reader->queries[i] = sqlite_prepare(db, texts[i], why)) != NULL;
    if (good)
        return reader;
    state_reader_close(reader);
    return NULL;
}

void state_reader_close(struct state_reader *reader)
{
    if (reader == NULL)
        return;
    for (size_t i = 0; i < STATEMENTS; i++)
        sqlite_query_close(reader->queries[i]);
    sqlite_query_close(reader->set_sent);
    sqlite_close(reader->writing);
    sqlite_close(reader->db);
    free(reader->path);
    free(reader);
}

/* ---- spam ---- */

static enum mail_verdict verdict_of(struct span name)
{
    for (int i = 0; i < MAIL_VERDICTS; i++)
        if (span_is(name, span_text(mail_verdict_name((enum mail_verdict)i))))
            return (enum mail_verdict)i;
    return MAIL_VERDICT_OTHER;
}

static void read_event(struct sqlite_query *query, struct spam_event *event)
{
    *event = (struct spam_event){
        .time = sqlite_number(query, 1),
        .verdict_time = sqlite_number(query, 2),
        .queue_id = sqlite_bytes(query, 3),
        .message_id = sqlite_bytes(query, 4),
        .from = sqlite_bytes(query, 5),
        .client = sqlite_bytes(query, 6),
        .client_name = sqlite_bytes(query, 7),
        .sasl = sqlite_bytes(query, 8),
        .uid = sqlite_bytes(query, 9),
        .verdict = verdict_of(sqlite_bytes(query, 10)),
        .has_score = !sqlite_is_null(query, 11),
        .has_threshold = !sqlite_is_null(query, 12),
        .score = sqlite_real(query, 11),
        .threshold = sqlite_real(query, 12),
        .victims = (unsigned)sqlite_number(query, 13),
        .origin = span_is(sqlite_bytes(query, 14), SPAN("trusted")) ? ORIGIN_TRUSTED : ORIGIN_PLAIN,
    };
}

int state_reader_spam(struct state_reader *reader, uint64_t after, unsigned max,
                      void (*each)(void *to, uint64_t number, const struct spam_event *event),
                      void *to, struct strbuf *why)
{
    struct sqlite_query *query = reader->queries[SPAM];
    int result, count = 0;
    sqlite_bind_number(query, 1, (int64_t)after);
    sqlite_bind_number(query, 2, max);
    for (; (result = sqlite_step(query, why)) == 1; count++) {
        struct spam_event event;
        read_event(query, &event);
        each(to, (uint64_t)sqlite_number(query, 0), &event);
    }
    sqlite_reset(query);
    return result < 0 ? -1 : count;
}

/* ---- buckets ---- */

static bool read_bucket(struct sqlite_query *query, struct watch_bucket *bucket)
{
    int64_t kind = sqlite_number(query, 2);
    *bucket = (struct watch_bucket){
        .kind = (enum sender_kind)kind,
        .name = sqlite_bytes(query, 3),
        .minute = sqlite_number(query, 4),
        .sum = {(uint64_t)sqlite_number(query, 5), (uint64_t)sqlite_number(query, 6)},
        .trusted = (uint64_t)sqlite_number(query, 7),
    };
    return kind >= 0 && kind < SENDER_KINDS;
}

int state_reader_buckets(struct state_reader *reader, uint64_t after, unsigned max,
                         void (*each)(void *to, const char *profile,
                                      const struct watch_bucket *bucket),
                         void *to, uint64_t *last, struct strbuf *why)
{
    struct sqlite_query *query = reader->queries[BUCKETS];
    int result, count = 0;
    *last = after;
    sqlite_bind_number(query, 1, (int64_t)after);
    sqlite_bind_number(query, 2, max);
    for (; (result = sqlite_step(query, why)) == 1; count++) {
        struct watch_bucket bucket;
        struct span name = sqlite_bytes(query, 1);
        char *profile = mem_text_of(name.at, name.len);
        *last = (uint64_t)sqlite_number(query, 0);
        if (read_bucket(query, &bucket))
            each(to, profile, &bucket);
        free(profile);
    }
    sqlite_reset(query);
    return result < 0 ? -1 : count;
}

/* ---- numbers ---- */

static int read_counter(struct state_reader *reader, enum statement which, uint64_t *number,
                        struct strbuf *why)
{
    struct sqlite_query *query = reader->queries[which];
    int result = sqlite_step(query, why);
    if (result == 1)
        *number = (uint64_t)sqlite_number(query, 0);
    sqlite_reset(query);
    if (result == 0)
        return strbuf_why(why, "%s: has lost its counters", reader->path);
    return result < 0 ? -1 : 0;
}

int state_reader_sent(struct state_reader *reader, uint64_t *number, struct strbuf *why)
{
    return read_counter(reader, SENT, number, why);
}

int state_reader_life(struct state_reader *reader, uint64_t *life, struct strbuf *why)
{
    return read_counter(reader, LIFE, life, why);
}

static int open_to_write(struct state_reader *reader, struct strbuf *why)
{
    if (reader->set_sent != NULL)
        return 0;
    if (reader->writing == NULL)
        reader->writing = state_tables_open(reader->path, why);
    if (reader->writing == NULL)
        return -1;
    reader->set_sent =
        sqlite_prepare(reader->writing, "UPDATE counter SET number = ?1 WHERE name = 'sent'", why);
    return reader->set_sent == NULL ? -1 : 0;
}

int state_reader_check(struct state_reader *reader, struct strbuf *why)
{
    return sqlite_check(reader->db, why);
}

int state_reader_set_sent(struct state_reader *reader, uint64_t number, struct strbuf *why)
{
    if (open_to_write(reader, why) != 0)
        return -1;
    sqlite_bind_number(reader->set_sent, 1, (int64_t)number);
    int result = sqlite_step(reader->set_sent, why);
    sqlite_reset(reader->set_sent);
    return result < 0 ? -1 : 0;
}

int state_reader_renew(struct state_reader *reader, struct strbuf *why)
{
    if (open_to_write(reader, why) != 0)
        return -1;
    return sqlite_run(reader->writing,
                      "UPDATE counter SET number = abs(random() / 2) WHERE name = 'life'", why);
}

int state_tell_marks(struct sqlite_query *query,
                     void (*each)(void *to, const char *source, struct span mark), void *to,
                     struct strbuf *why)
{
    int result;
    while ((result = sqlite_step(query, why)) == 1) {
        struct span name = sqlite_bytes(query, 0);
        char *source = mem_text_of(name.at, name.len);
        each(to, source, sqlite_bytes(query, 1));
        free(source);
    }
    sqlite_reset(query);
    return result;
}

int state_reader_marks(struct state_reader *reader,
                       void (*each)(void *to, const char *source, struct span mark), void *to,
                       struct strbuf *why)
{
    return state_tell_marks(reader->queries[MARKS], each, to, why);
}

int state_reader_size(struct state_reader *reader, uint64_t *newest, uint64_t *rows,
                      uint64_t *bytes, struct strbuf *why)
{
    struct sqlite_query *query = reader->queries[SIZE];
    int result = sqlite_step(query, why);
    if (result == 1) {
        *newest = (uint64_t)sqlite_number(query, 0);
        *rows = (uint64_t)sqlite_number(query, 1);
        *bytes = (uint64_t)sqlite_number(query, 2);
    }
    sqlite_reset(query);
    return result < 0 ? -1 : 0;
}

int state_reader_behind(struct state_reader *reader, uint64_t after, uint64_t *rows,
                        struct strbuf *why)
{
    sqlite_bind_number(reader->queries[BEHIND], 1, (int64_t)after);
    return read_counter(reader, BEHIND, rows, why);
}
