/* schema - makes, migrates and checks the tables, in the words that all databases understand.
 *
 * MySQL's side cannot make tables in a transaction, so each statement does no harm when it is done
 * again, and the version is written last.
 */
#include "spamgear/store/schema.h"

#include "spamgear/base/clock.h"
#include "spamgear/base/mem.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define NAME_BYTES "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_$"

enum { SQLITE = 1 << SQL_SQLITE, MYSQL = 1 << SQL_MYSQL, PGSQL = 1 << SQL_PGSQL };
#define ALL (SQLITE | MYSQL | PGSQL)

/* Keys stay below the 767 bytes that an index of old servers has, with 4 bytes a character. */
#define MYSQL_TABLE " ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
#define MYSQL_FOLDS " CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci"

#define SPAM(folds)                                                                                \
    "CREATE TABLE IF NOT EXISTS spamgear_spam ("                                                   \
    "node VARCHAR(64) NOT NULL, life VARCHAR(20) NOT NULL, seq BIGINT NOT NULL, "                  \
    "time BIGINT NOT NULL, verdict_time BIGINT NOT NULL, queue_id VARCHAR(100) NOT NULL, "         \
    "message_id VARCHAR(1000) NOT NULL, sender VARCHAR(180)" folds " NOT NULL, "                   \
    "client VARCHAR(64) NOT NULL, client_name VARCHAR(255) NOT NULL, "                             \
    "sasl VARCHAR(180)" folds " NOT NULL, uid VARCHAR(20) NOT NULL, verdict VARCHAR(20) NOT "      \
    "NULL, score DOUBLE PRECISION NULL, threshold DOUBLE PRECISION NULL, victims INT NOT NULL, "   \
    "origin VARCHAR(20) NOT NULL, note VARCHAR(500) NULL, PRIMARY KEY (node, life, seq)"

#define FLOW                                                                                       \
    "CREATE TABLE IF NOT EXISTS spamgear_flow ("                                                   \
    "profile VARCHAR(40) NOT NULL, kind INT NOT NULL, name_key VARCHAR(32) NOT NULL, "             \
    "minute BIGINT NOT NULL, node VARCHAR(64) NOT NULL, name VARCHAR(1000) NOT NULL, "             \
    "messages BIGINT NOT NULL, recipients BIGINT NOT NULL, stamp BIGINT NOT NULL, "                \
    "PRIMARY KEY (profile, kind, name_key, minute, node)"

#define CLIENT                                                                                     \
    "CREATE TABLE IF NOT EXISTS spamgear_client ("                                                 \
    "profile VARCHAR(40) NOT NULL, kind INT NOT NULL, name_key VARCHAR(32) NOT NULL, "             \
    "node VARCHAR(64) NOT NULL, what INT NOT NULL, client_key VARCHAR(32) NOT NULL, "              \
    "client VARCHAR(1000) NOT NULL, minute BIGINT NOT NULL, "                                      \
    "PRIMARY KEY (profile, kind, name_key, node, what, client_key)"

#define CLAIM                                                                                      \
    "CREATE TABLE IF NOT EXISTS spamgear_claim ("                                                  \
    "profile VARCHAR(40) NOT NULL, kind INT NOT NULL, name_key VARCHAR(32) NOT NULL, "             \
    "name VARCHAR(1000) NOT NULL, node VARCHAR(64) NOT NULL, claimed BIGINT NOT NULL, "            \
    "confirmed INT NOT NULL, PRIMARY KEY (profile, kind, name_key)"

static const struct step {
    int kinds;
    const char *text;
} first[] = {
    {SQLITE | PGSQL, SPAM("") ")"},
    {MYSQL, SPAM(MYSQL_FOLDS) ", INDEX spam_time (time), INDEX spam_client (client, time), "
                              "INDEX spam_sender (sender, time), INDEX spam_sasl (sasl, time))" //
     MYSQL_TABLE},
    {SQLITE | PGSQL, "CREATE INDEX IF NOT EXISTS spamgear_spam_time ON spamgear_spam (time)"},
    {SQLITE | PGSQL,
     "CREATE INDEX IF NOT EXISTS spamgear_spam_client ON spamgear_spam (client, time)"},
    {SQLITE | PGSQL,
     "CREATE INDEX IF NOT EXISTS spamgear_spam_sender ON spamgear_spam (LOWER(sender), time)"},
    {SQLITE | PGSQL,
     "CREATE INDEX IF NOT EXISTS spamgear_spam_sasl ON spamgear_spam (LOWER(sasl), time)"},
    {SQLITE | PGSQL, FLOW ")"},
    {MYSQL, FLOW ", INDEX flow_stamp (stamp), INDEX flow_minute (minute))" MYSQL_TABLE},
    {SQLITE | PGSQL, "CREATE INDEX IF NOT EXISTS spamgear_flow_stamp ON spamgear_flow (stamp)"},
    {SQLITE | PGSQL, "CREATE INDEX IF NOT EXISTS spamgear_flow_minute ON spamgear_flow (minute)"},
    {SQLITE | PGSQL, CLIENT ")"},
    {MYSQL, CLIENT ", INDEX client_minute (minute))" MYSQL_TABLE},
    {SQLITE | PGSQL,
     "CREATE INDEX IF NOT EXISTS spamgear_client_minute ON spamgear_client (minute)"},
    {SQLITE | PGSQL, CLAIM ")"},
    {MYSQL, CLAIM ")" MYSQL_TABLE},
    {0, NULL},
};

/* steps[n] makes version n + 1 of version n. */
static const struct step *const steps[SCHEMA_VERSION] = {first};

static const struct step versions[] = {
    {SQLITE | PGSQL, "CREATE TABLE IF NOT EXISTS spamgear_schema (id INT NOT NULL PRIMARY KEY, "
                     "version INT NOT NULL)"},
    {MYSQL, "CREATE TABLE IF NOT EXISTS spamgear_schema (id INT NOT NULL PRIMARY KEY, "
            "version INT NOT NULL)" MYSQL_TABLE},
    {0, NULL},
};

/* postlog-sa's own, as its Readme has it, but in an engine that has transactions. */
static const struct step spammers[] = {
    {MYSQL, "CREATE TABLE IF NOT EXISTS spammers (client VARCHAR(255) NOT NULL, created DATETIME "
            "NOT NULL, spam_victims_score INT NOT NULL DEFAULT 0, PRIMARY KEY (client, created)) "
            "ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4"},
    {SQLITE | PGSQL, "CREATE TABLE IF NOT EXISTS spammers (client VARCHAR(255) NOT NULL, created "
                     "TIMESTAMP NOT NULL, spam_victims_score INT NOT NULL DEFAULT 0, "
                     "PRIMARY KEY (client, created))"},
    {0, NULL},
};

/* ---- asking ---- */

static int execute(struct link *link, const char *text, const struct span *values, size_t count,
                   uint64_t *changed, struct strbuf *why)
{
    struct link_statement *statement = link_prepare(link, text, why);
    int done = statement == NULL ? -1 : link_execute(link, statement, values, count, changed, why);
    if (statement != NULL)
        link_forget(link, statement);
    return done;
}

static int ask(struct link *link, const char *text, const struct span *values, size_t count,
               void (*each)(void *state, const struct span *columns, size_t len), void *state,
               struct strbuf *why)
{
    struct link_statement *statement = link_prepare(link, text, why);
    int done =
        statement == NULL ? -1 : link_select(link, statement, values, count, each, state, why);
    if (statement != NULL)
        link_forget(link, statement);
    return done;
}

static void take_number(void *state, const struct span *columns, size_t len)
{
    unsigned long long number;
    if (len > 0 && span_number(columns[0], &number))
        *(long long *)state = (long long)number;
}

/* 1 or 0; only tables that this user can see. */
static int has_table(struct link *link, const char *name, struct strbuf *why)
{
    static const char *const texts[] = {
        [SQL_SQLITE] = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = ?",
        [SQL_MYSQL] = "SELECT count(*) FROM information_schema.tables WHERE table_schema = "
                      "DATABASE() AND table_name = ?",
        [SQL_PGSQL] = "SELECT count(*) FROM information_schema.tables WHERE table_schema = "
                      "current_schema() AND table_name = ?",
    };
    struct span value = span_text(name);
    long long number = 0;
    if (ask(link, texts[link_kind(link)], &value, 1, take_number, &number, why) != 0)
        return -1;
    return number > 0;
}

int schema_version(struct link *link, struct strbuf *why)
{
    long long number = 0;
    int there = has_table(link, "spamgear_schema", why);
    if (there <= 0)
        return there;
    if (ask(link, "SELECT version FROM spamgear_schema WHERE id = 1", NULL, 0, take_number, &number,
            why) != 0)
        return -1;
    return (int)number;
}

/* ---- making ---- */

static int run_steps(struct link *link, const struct step *step, struct strbuf *why)
{
    for (; step->text != NULL; step++)
        if ((step->kinds & 1 << link_kind(link)) != 0 && link_run(link, step->text, why) != 0)
            return -1;
    return 0;
}

static int write_version(struct link *link, int version, struct strbuf *why)
{
    char text[16];
    snprintf(text, sizeof text, "%d", version);
    const struct span value = span_text(text);
    if (version == 0 && execute(link, "INSERT INTO spamgear_schema(id, version) VALUES(1, ?)",
                                &value, 1, NULL, why) != 0)
        return link_trouble(link) == LINK_DUPLICATE ? 0 : -1;
    return execute(link, "UPDATE spamgear_schema SET version = ? WHERE id = 1", &value, 1, NULL,
                   why);
}

static int make_spammers(struct link *link, struct texts *told, struct strbuf *why)
{
    int there = has_table(link, "spammers", why);
    if (there != 0)
        return there < 0 ? -1 : 0;
    if (run_steps(link, spammers, why) != 0)
        return -1;
    texts_add(told, "made the table spammers");
    return 0;
}

int schema_upgrade(struct link *link, bool with_spammers, struct texts *told, struct strbuf *why)
{
    int version = schema_version(link, why);
    if (version > SCHEMA_VERSION)
        return strbuf_why(why, "its tables are of a newer spamgear: version %d, this one knows %d",
                          version, SCHEMA_VERSION);
    if (version < 0 ||
        (version == 0 && (run_steps(link, versions, why) != 0 || write_version(link, 0, why) != 0)))
        return -1;
    for (; version < SCHEMA_VERSION; version++) {
        if (run_steps(link, steps[version], why) != 0 || write_version(link, version + 1, why) != 0)
            return -1;
        texts_format(told, "made version %d of the tables", version + 1);
    }
    return with_spammers ? make_spammers(link, told, why) : 0;
}

/* ---- checking ---- */

static const char *const columns[] = {
    "SELECT node, life, seq, time, verdict_time, queue_id, message_id, sender, client, client_name,"
    " sasl, uid, verdict, score, threshold, victims, origin, note FROM spamgear_spam WHERE seq < 0",
    "SELECT profile, kind, name_key, minute, node, name, messages, recipients, stamp FROM "
    "spamgear_flow WHERE minute < 0",
    "SELECT profile, kind, name_key, node, what, client_key, client, minute FROM spamgear_client "
    "WHERE minute < 0",
    "SELECT profile, kind, name_key, name, node, claimed, confirmed FROM spamgear_claim WHERE "
    "claimed < 0",
};

/* Done, and rolled back. */
static const char *const rights[] = {
    "INSERT INTO spamgear_spam(node, life, seq, time, verdict_time, queue_id, message_id, sender, "
    "client, client_name, sasl, uid, verdict, victims, origin) VALUES('', 'check', -1, 0, 0, '', "
    "'', '', '', '', '', '', '', 0, '')",
    "DELETE FROM spamgear_spam WHERE node = '' AND life = 'check' AND seq = -1",
    "INSERT INTO spamgear_flow(profile, kind, name_key, minute, node, name, messages, recipients, "
    "stamp) VALUES('', 0, '', -1, '', '', 0, 0, 0)",
    "UPDATE spamgear_flow SET messages = 1 WHERE profile = '' AND kind = 0 AND name_key = '' AND "
    "minute = -1 AND node = ''",
    "DELETE FROM spamgear_flow WHERE profile = '' AND kind = 0 AND name_key = '' AND minute = -1",
    "INSERT INTO spamgear_client(profile, kind, name_key, node, what, client_key, client, minute) "
    "VALUES('', 0, '', '', 0, '', '', -1)",
    "UPDATE spamgear_client SET minute = -2 WHERE profile = '' AND kind = 0 AND name_key = ''",
    "DELETE FROM spamgear_client WHERE profile = '' AND kind = 0 AND name_key = ''",
    "INSERT INTO spamgear_claim(profile, kind, name_key, name, node, claimed, confirmed) "
    "VALUES('', 0, '', '', '', 0, 0)",
    "UPDATE spamgear_claim SET confirmed = 1 WHERE profile = '' AND kind = 0 AND name_key = ''",
    "DELETE FROM spamgear_claim WHERE profile = '' AND kind = 0 AND name_key = ''",
};

static void ignore(void *state, const struct span *values, size_t len)
{
    (void)state, (void)values, (void)len;
}

static int check_columns(struct link *link, struct texts *problems)
{
    struct strbuf why = {0};
    size_t before = problems->len;
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        if (ask(link, columns[i], NULL, 0, ignore, NULL, &why) != 0)
            texts_add(problems, strbuf_text(&why));
    strbuf_clear(&why);
    return problems->len == before ? 0 : -1;
}

/* One that is refused ends a transaction of PostgreSQL: the rest is told the next time. */
static int check_rights(struct link *link, struct texts *problems, struct strbuf *why)
{
    struct strbuf wrong = {0};
    int done = link_begin(link, why);
    for (size_t i = 0; done == 0 && i < sizeof rights / sizeof *rights; i++) {
        if (execute(link, rights[i], NULL, 0, NULL, &wrong) == 0)
            continue;
        texts_add(problems, strbuf_text(&wrong));
        break;
    }
    if (done == 0)
        link_rollback(link);
    strbuf_clear(&wrong);
    return done;
}

int schema_check(struct link *link, struct texts *problems, struct strbuf *why)
{
    int version = schema_version(link, why);
    if (version < 0)
        return -1;
    if (version == 0)
        texts_add(problems, "there are no tables of spamgear: spamgear store init makes them");
    else if (version < SCHEMA_VERSION)
        texts_format(problems, "the tables are of version %d: spamgear store upgrade makes it %d",
                     version, SCHEMA_VERSION);
    else if (version > SCHEMA_VERSION)
        texts_format(problems, "the tables are of a newer spamgear: version %d, this one knows %d",
                     version, SCHEMA_VERSION);
    if (version != SCHEMA_VERSION || check_columns(link, problems) != 0)
        return 0;
    return check_rights(link, problems, why);
}

struct engines {
    const char *statement; /* may be NULL */
    struct texts *without;
};

/* Is a name a word of a text? */
static bool is_word(const char *text, const char *name)
{
    size_t len = strlen(name);
    for (const char *at = text; len > 0 && (at = strcasestr(at, name)) != NULL; at += len)
        if ((at == text || strchr(NAME_BYTES, at[-1]) == NULL) &&
            (at[len] == '\0' || strchr(NAME_BYTES, at[len]) == NULL))
            return true;
    return false;
}

static void take_engine(void *state, const struct span *values, size_t len)
{
    struct engines *engines = state;
    char *name = len < 2 ? NULL : mem_text_of(values[0].at, values[0].len);
    if (name != NULL && (strncmp(name, "spamgear_", 9) == 0 ||
                         (engines->statement != NULL && is_word(engines->statement, name))))
        texts_format(engines->without, "%s (%.*s)", name, (int)values[1].len, values[1].at);
    free(name);
}

int schema_engines(struct link *link, const char *statement, struct texts *without,
                   struct strbuf *why)
{
    struct engines engines = {statement, without};
    if (link_kind(link) != SQL_MYSQL)
        return 0;
    return ask(link,
               "SELECT t.table_name, t.engine FROM information_schema.tables t JOIN "
               "information_schema.engines e ON e.engine = t.engine WHERE t.table_schema = "
               "DATABASE() AND COALESCE(e.transactions, 'NO') <> 'YES'",
               NULL, 0, take_engine, &engines, why);
}

/* ---- what is old ---- */

#define PORTION 500

static const struct old {
    const char *find, *forget; /* the keys of some old rows; one of them */
    size_t keys;
    int64_t unit; /* of its time, in seconds; 0: milliseconds */
    bool counts;  /* of a fleet, which nobody asks for behind the longest window */
} olds[] = {
    {"SELECT node, life, seq FROM spamgear_spam WHERE time < ? LIMIT 500",
     "DELETE FROM spamgear_spam WHERE node = ? AND life = ? AND seq = ?", 3, 1, false},
    {"SELECT profile, kind, name_key, minute, node FROM spamgear_flow WHERE minute < ? LIMIT 500",
     "DELETE FROM spamgear_flow WHERE profile = ? AND kind = ? AND name_key = ? AND minute = ? AND "
     "node = ?",
     5, 60, true},
    {"SELECT profile, kind, name_key, node, what, client_key FROM spamgear_client WHERE minute < ? "
     "LIMIT 500",
     "DELETE FROM spamgear_client WHERE profile = ? AND kind = ? AND name_key = ? AND node = ? AND "
     "what = ? AND client_key = ?",
     6, 60, true},
    {"SELECT profile, kind, name_key FROM spamgear_claim WHERE claimed < ? LIMIT 500",
     "DELETE FROM spamgear_claim WHERE profile = ? AND kind = ? AND name_key = ?", 3, 0, false},
};

static void take_keys(void *state, const struct span *values, size_t len)
{
    struct texts *keys = state;
    for (size_t i = 0; i < len; i++) {
        char *text = mem_text_of(values[i].len == 0 ? "" : values[i].at, values[i].len);
        texts_add(keys, text);
        free(text);
    }
}

/* How many rows; -1 with why. */
static int purge_portion(struct link *link, const struct old *old, struct span before,
                         struct strbuf *why)
{
    struct texts keys = {0};
    VEC(struct span) values = {0};
    int done = ask(link, old->find, &before, 1, take_keys, &keys, why);
    size_t rows = keys.len / old->keys;
    struct link_statement *forget =
        done == 0 && rows > 0 ? link_prepare(link, old->forget, why) : NULL;
    for (size_t i = 0; i < rows * old->keys; i++)
        *vec_add(&values) = span_text(keys.at[i]);
    if (rows > 0)
        done = forget == NULL || link_begin(link, why) != 0 ? -1 : 0;
    if (done == 0 && rows > 0) {
        done = link_execute_rows(link, forget, values.at, old->keys, rows, why);
        if (done == 0)
            done = link_commit(link, why);
        else
            link_rollback(link);
    }
    if (forget != NULL)
        link_forget(link, forget);
    vec_clear(&values);
    texts_clear(&keys);
    return done == 0 ? (int)rows : -1;
}

/* 1: the time is over, and there is more. */
static int purge(struct link *link, const struct old *old, int64_t time, int64_t end_ms,
                 uint64_t *rows, struct strbuf *why)
{
    char before[24];
    int got, conflicts = 0;
    snprintf(before, sizeof before, "%" PRId64, old->unit == 0 ? time * 1000 : time / old->unit);
    do {
        got = purge_portion(link, old, span_text(before), why);
        if (got < 0 && link_trouble(link) == LINK_CONFLICT && ++conflicts < 10)
            got = PORTION; /* another node does the same */
        else if (got > 0)
            *rows += (uint64_t)got;
    } while (got == PORTION && clock_steady_ms() < end_ms);
    return got < 0 ? -1 : got == PORTION;
}

int schema_purge(struct link *link, const struct schema_keep *keep, int64_t budget_ms,
                 uint64_t *rows, struct strbuf *why)
{
    int done = 0;
    int64_t end_ms = budget_ms == 0 ? INT64_MAX : clock_steady_ms() + budget_ms;
    *rows = 0;
    for (size_t i = 0; done == 0 && i < sizeof olds / sizeof *olds; i++) {
        int64_t seconds = olds[i].counts && keep->counts_s > 0 ? keep->counts_s : keep->spam_s;
        done = purge(link, &olds[i], clock_now() - seconds, end_ms, rows, why);
    }
    return done;
}
