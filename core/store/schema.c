/* schema - makes, migrates and checks the tables, in the words that all databases understand.
 *
 * MySQL's side cannot make tables in a transaction, so what is there already is left out, and the
 * version is written last. What somebody removed since then is made again in the same way.
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

/* A table, an index, or a column ("TABLE.COLUMN"). */
struct part {
    int kinds;
    const char *name, *text;
};

static const struct part first[] = {
    {SQLITE | PGSQL, "spamgear_spam", SPAM("") ")"},
    {MYSQL, "spamgear_spam", SPAM(MYSQL_FOLDS) ")" MYSQL_TABLE},
    {ALL, "spamgear_spam_time", "CREATE INDEX spamgear_spam_time ON spamgear_spam (time)"},
    {ALL, "spamgear_spam_client",
     "CREATE INDEX spamgear_spam_client ON spamgear_spam (client, time)"},
    {SQLITE | PGSQL, "spamgear_spam_sender",
     "CREATE INDEX spamgear_spam_sender ON spamgear_spam (LOWER(sender), time)"},
    {MYSQL, "spamgear_spam_sender",
     "CREATE INDEX spamgear_spam_sender ON spamgear_spam (sender, time)"},
    {SQLITE | PGSQL, "spamgear_spam_sasl",
     "CREATE INDEX spamgear_spam_sasl ON spamgear_spam (LOWER(sasl), time)"},
    {MYSQL, "spamgear_spam_sasl", "CREATE INDEX spamgear_spam_sasl ON spamgear_spam (sasl, time)"},
    {SQLITE | PGSQL, "spamgear_flow", FLOW ")"},
    {MYSQL, "spamgear_flow", FLOW ")" MYSQL_TABLE},
    {ALL, "spamgear_flow_stamp", "CREATE INDEX spamgear_flow_stamp ON spamgear_flow (stamp)"},
    {ALL, "spamgear_flow_minute", "CREATE INDEX spamgear_flow_minute ON spamgear_flow (minute)"},
    {SQLITE | PGSQL, "spamgear_client", CLIENT ")"},
    {MYSQL, "spamgear_client", CLIENT ")" MYSQL_TABLE},
    {ALL, "spamgear_client_minute",
     "CREATE INDEX spamgear_client_minute ON spamgear_client (minute)"},
    {SQLITE | PGSQL, "spamgear_claim", CLAIM ")"},
    {MYSQL, "spamgear_claim", CLAIM ")" MYSQL_TABLE},
    {0, NULL, NULL},
};

/* What is older counts as plain. */
static const struct part second[] = {
    {ALL, "spamgear_flow.trusted",
     "ALTER TABLE spamgear_flow ADD COLUMN trusted BIGINT NOT NULL DEFAULT 0"},
    {0, NULL, NULL},
};

/* steps[n] makes version n + 1 of version n. */
static const struct part *const steps[SCHEMA_VERSION] = {first, second};

static const struct part versions[] = {
    {SQLITE | PGSQL, "spamgear_schema",
     "CREATE TABLE IF NOT EXISTS spamgear_schema (id INT NOT NULL PRIMARY KEY, "
     "version INT NOT NULL)"},
    {MYSQL, "spamgear_schema",
     "CREATE TABLE IF NOT EXISTS spamgear_schema (id INT NOT NULL PRIMARY KEY, "
     "version INT NOT NULL)" MYSQL_TABLE},
    {0, NULL, NULL},
};

/* postlog-sa's own, as its Readme has it, but in an engine that has transactions. */
static const struct part spammers[] = {
    {MYSQL, "spammers",
     "CREATE TABLE IF NOT EXISTS spammers (client VARCHAR(255) NOT NULL, created DATETIME "
     "NOT NULL, spam_victims_score INT NOT NULL DEFAULT 0, PRIMARY KEY (client, created)) "
     "ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4"},
    {SQLITE | PGSQL, "spammers",
     "CREATE TABLE IF NOT EXISTS spammers (client VARCHAR(255) NOT NULL, created "
     "TIMESTAMP NOT NULL, spam_victims_score INT NOT NULL DEFAULT 0, "
     "PRIMARY KEY (client, created))"},
    {0, NULL, NULL},
};

/* ---- asking ---- */

static void take_number(void *state, const struct span *columns, size_t len)
{
    unsigned long long number;
    if (len > 0 && span_number(columns[0], &number))
        *(long long *)state = (long long)number;
}

enum kind { TABLE, INDEX, COLUMN };

static enum kind kind_of(const struct part *part)
{
    return strchr(part->name, '.') != NULL                ? COLUMN
           : strncmp(part->text, "CREATE INDEX", 12) == 0 ? INDEX
                                                          : TABLE;
}

static const char *const kind_names[] = {"table", "index", "column"};

/* 1 or 0; of tables only those that this user can see. */
static int is_there(struct link *link, const struct part *part, struct strbuf *why)
{
#define INFORMATION "SELECT count(*) FROM information_schema."
    static const char *const texts[][3] = {
        [SQL_SQLITE] = {"SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = ?",
                        "SELECT count(*) FROM sqlite_master WHERE type = 'index' AND name = ?",
                        "SELECT count(*) FROM pragma_table_info(?) WHERE name = ?"},
        [SQL_MYSQL] = {INFORMATION "tables WHERE table_schema = DATABASE() AND table_name = ?",
                       INFORMATION "statistics WHERE table_schema = DATABASE() AND index_name = ?",
                       INFORMATION "columns WHERE table_schema = DATABASE() AND table_name = ? "
                                   "AND column_name = ?"},
        [SQL_PGSQL] = {INFORMATION "tables WHERE table_schema = current_schema() AND "
                                   "table_name = ?",
                       "SELECT count(*) FROM pg_indexes WHERE schemaname = current_schema() AND "
                       "indexname = ?",
                       INFORMATION "columns WHERE table_schema = current_schema() AND "
                                   "table_name = ? AND column_name = ?"},
    };
#undef INFORMATION
    enum kind kind = kind_of(part);
    size_t len = strcspn(part->name, ".");
    const struct span values[] = {{part->name, len},
                                  span_text(part->name + len + (kind == COLUMN))};
    long long number = 0;
    if (link_ask(link, texts[link_kind(link)][kind], values, kind == COLUMN ? 2 : 1, take_number,
                 &number, why) != 0)
        return -1;
    return number > 0;
}

static bool is_for(const struct link *link, const struct part *part)
{
    return (part->kinds & 1 << link_kind(link)) != 0;
}

int schema_version(struct link *link, struct strbuf *why)
{
    long long number = 0;
    int there = is_there(link, &versions[0], why);
    if (there <= 0)
        return there;
    if (link_ask(link, "SELECT version FROM spamgear_schema WHERE id = 1", NULL, 0, take_number,
                 &number, why) != 0)
        return -1;
    return (int)number;
}

/* ---- making ---- */

/* What is missing of them; told may be NULL. */
static int make(struct link *link, const struct part *part, struct texts *told, struct strbuf *why)
{
    for (; part->text != NULL; part++) {
        int there = is_for(link, part) ? is_there(link, part, why) : 1;
        if (there < 0 || (there == 0 && link_run(link, part->text, why) != 0))
            return -1;
        if (there == 0 && told != NULL)
            texts_format(told, "made the %s %s", kind_names[kind_of(part)], part->name);
    }
    return 0;
}

static int write_version(struct link *link, int version, struct strbuf *why)
{
    char text[16];
    snprintf(text, sizeof text, "%d", version);
    const struct span value = span_text(text);
    if (version == 0 && link_change(link, "INSERT INTO spamgear_schema(id, version) VALUES(1, ?)",
                                    &value, 1, 1, NULL, why) != 0)
        return link_trouble(link) == LINK_DUPLICATE ? 0 : -1;
    return link_change(link, "UPDATE spamgear_schema SET version = ? WHERE id = 1", &value, 1, 1,
                       NULL, why);
}

int schema_upgrade(struct link *link, bool with_spammers, struct texts *told, struct strbuf *why)
{
    int version = schema_version(link, why);
    if (version > SCHEMA_VERSION)
        return strbuf_why(why, "its tables are of a newer spamgear: version %d, this one knows %d",
                          version, SCHEMA_VERSION);
    if (version < 0 || (version == 0 &&
                        (make(link, versions, NULL, why) != 0 || write_version(link, 0, why) != 0)))
        return -1;
    for (int i = 0; i < version; i++)
        if (make(link, steps[i], told, why) != 0)
            return -1;
    for (; version < SCHEMA_VERSION; version++) {
        if (make(link, steps[version], NULL, why) != 0 ||
            write_version(link, version + 1, why) != 0)
            return -1;
        texts_format(told, "made version %d of the tables", version + 1);
    }
    return with_spammers ? make(link, spammers, told, why) : 0;
}

/* ---- checking ---- */

static const char *const columns[] = {
    "SELECT node, life, seq, time, verdict_time, queue_id, message_id, sender, client, client_name,"
    " sasl, uid, verdict, score, threshold, victims, origin, note FROM spamgear_spam WHERE seq < 0",
    "SELECT profile, kind, name_key, minute, node, name, messages, recipients, trusted, stamp FROM "
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
    "trusted, stamp) VALUES('', 0, '', -1, '', '', 0, 0, 0, 0)",
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

/* How many tables and columns are missing; -1 with why. */
static int check_parts(struct link *link, struct texts *problems, struct strbuf *why)
{
    int missing = 0;
    for (int i = 0; i < SCHEMA_VERSION; i++)
        for (const struct part *part = steps[i]; part->text != NULL; part++) {
            int there = is_for(link, part) ? is_there(link, part, why) : 1;
            if (there < 0)
                return -1;
            if (there > 0)
                continue;
            missing += kind_of(part) != INDEX;
            texts_format(problems, "the %s %s is missing: spamgear store init makes it",
                         kind_names[kind_of(part)], part->name);
        }
    return missing;
}

static int check_columns(struct link *link, struct texts *problems)
{
    struct strbuf why = {0};
    size_t before = problems->len;
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        if (link_ask(link, columns[i], NULL, 0, ignore, NULL, &why) != 0)
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
        if (link_change(link, rights[i], NULL, 0, 1, NULL, &wrong) == 0)
            continue;
        texts_add(problems, strbuf_text(&wrong));
        break;
    }
    if (done == 0)
        link_rollback(link);
    strbuf_clear(&wrong);
    return done;
}

/* Each row exactly once: what is stored twice must be found out by its key. */
static int check_keys(struct link *link, struct texts *problems, struct strbuf *why)
{
    for (size_t i = 0; i < sizeof rights / sizeof *rights; i++) {
        const char *table = strstr(rights[i], "INSERT INTO ");
        if (table == NULL)
            continue;
        if (link_begin(link, why) != 0)
            return -1;
        if (link_change(link, rights[i], NULL, 0, 1, NULL, NULL) == 0 &&
            link_change(link, rights[i], NULL, 0, 1, NULL, NULL) == 0)
            texts_format(problems, "the table %.*s takes the same row twice: it has lost its key",
                         (int)strcspn(table + 12, "("), table + 12);
        link_rollback(link);
    }
    return 0;
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
    if (version != SCHEMA_VERSION)
        return 0;
    int missing = check_parts(link, problems, why);
    if (missing != 0 || check_columns(link, problems) != 0)
        return missing < 0 ? -1 : 0;
    return check_rights(link, problems, why) != 0 || check_keys(link, problems, why) != 0 ? -1 : 0;
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
    return link_ask(link,
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
    int done = link_ask(link, old->find, &before, 1, take_keys, &keys, why);
    size_t rows = keys.len / old->keys;
    for (size_t i = 0; i < rows * old->keys; i++)
        *vec_add(&values) = span_text(keys.at[i]);
    if (done == 0 && rows > 0)
        done = link_begin(link, why);
    if (done == 0 && rows > 0) {
        done = link_change(link, old->forget, values.at, old->keys, rows, NULL, why);
        if (done == 0)
            done = link_commit(link, why);
        else
            link_rollback(link);
    }
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
    int64_t end_ms = budget_ms == 0 ? INT64_MAX : clock_steady_ms() + budget_ms;
    int64_t there_ms = 0;
    *rows = 0;
    int done = link_clock(link, &there_ms, why);
    int64_t now = there_ms / 1000 < clock_now() ? there_ms / 1000 : clock_now();
    for (size_t i = 0; done == 0 && i < sizeof olds / sizeof *olds; i++) {
        int64_t seconds = olds[i].counts && keep->counts_s > 0 ? keep->counts_s : keep->spam_s;
        done = purge(link, &olds[i], now - seconds, end_ms, rows, why);
    }
    return done;
}
