/* feeder_begin - what a new connection is looked at for before rows go through it: the tables, the
 * query, and how far the other database got.
 */
#include "feeder_own.h"

#include "spamgear/store/schema.h"
#include <inttypes.h>
#include <stdio.h>

static const char insert_text[] =
    "INSERT INTO spamgear_spam(node, life, seq, time, verdict_time, queue_id, message_id, sender, "
    "client, client_name, sasl, uid, verdict, score, threshold, victims, origin, note) VALUES(?, "
    "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

static void take_number(void *state, const struct span *columns, size_t len)
{
    unsigned long long number;
    if (len > 0 && span_number(columns[0], &number))
        *(uint64_t *)state = number;
}

/* One row, as it stands there and here. */
static void add_there(void *state, const struct span *columns, size_t len)
{
    for (size_t i = 0; i < len; i++)
        strbuf_format(state, "%.*s ", (int)columns[i].len, columns[i].at);
}

static void add_here(void *state, uint64_t number, const struct spam_event *event)
{
    struct feeder_table table = {0};
    feeder_table_number(&table, (int64_t)number);
    feeder_table_number(&table, event->time);
    feeder_table_number(&table, event->verdict_time);
    feeder_table_add(&table, event->queue_id, FEEDER_QUEUE_ID_MAX);
    add_there(state, feeder_table_values(&table), 4);
    feeder_table_clear(&table);
}

static int ask_row(struct feeder_work *work, const char *number, struct strbuf *row,
                   struct strbuf *why)
{
    const struct span values[] = {span_text(work->settings->node), span_text(work->life),
                                  span_text(number)};
    return link_ask(work->link,
                    "SELECT seq, time, verdict_time, queue_id FROM spamgear_spam WHERE node = ? "
                    "AND life = ? AND seq = ?",
                    values, 3, add_there, row, why);
}

static bool is_row(const struct strbuf *row, const char *number)
{
    struct span rest = strbuf_span(row);
    return span_has_prefix(rest, span_text(number)) && rest.at[strlen(number)] == ' ';
}

/* Does number `there` mean the same here? Where not, the state was put back to an older copy, or is
 * a copy that another node has too, and new rows would be taken for those that are there: they wait
 * until somebody has looked. One that is too old to be here says nothing. */
static int check_place(struct feeder_work *work, uint64_t there, struct strbuf *why)
{
    uint64_t newest, rows, bytes;
    char number[24];
    struct strbuf theirs = {0}, ours = {0};
    snprintf(number, sizeof number, "%" PRIu64, there);
    int done = ask_row(work, number, &theirs, why);
    if (done == 0 && (state_reader_size(work->reader, &newest, &rows, &bytes, why) != 0 ||
                      state_reader_spam(work->reader, there - 1, 1, add_here, &ours, why) < 0))
        done = -1;
    if (done == 0 && (there > newest || (is_row(&ours, number) &&
                                         strcmp(strbuf_text(&ours), strbuf_text(&theirs)) != 0)))
        done = strbuf_why(why,
                          "it has another row %s of this node than this state, which seems to be "
                          "an older copy of itself, or in use on two nodes: see `spamgear store "
                          "restored`",
                          number);
    strbuf_clear(&theirs);
    strbuf_clear(&ours);
    return done;
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
    int done =
        link_ask(work->link, "SELECT MAX(seq) FROM spamgear_spam WHERE node = ? AND life = ?",
                 values, 2, take_number, &there, why);
    if (done != 0 || there <= work->sent)
        return done;
    done = check_place(work, there, why);
    if (done == 0)
        work->sent = there;
    return done;
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
    work->query_proven = false;
    if (find_tables(work, why) != 0)
        return -1;
    if (query != NULL)
        work->own = link_prepare(work->link, strbuf_text(&query->statement), why);
    return query != NULL && work->own == NULL ? -1 : find_place(work, why);
}
