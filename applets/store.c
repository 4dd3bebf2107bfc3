/* store - makes, migrates and checks the tables that spam events go to, here and in another
 * database.
 */
#include "shared/line.h"
#include "shared/postlog_settings.h"
#include "spamgear/base/diag.h"
#include "spamgear/base/sqlite.h"
#include "spamgear/base/text.h"
#include "spamgear/store/forget.h"
#include "spamgear/store/schema.h"
#include <inttypes.h>
#include <stdio.h>

struct store_settings {
    bool with_spammers;
    struct period older_than;
    char *ini;
};

struct desk {
    const struct store_settings *settings;
    const struct store_config *config;
    struct link *link; /* NULL: there is no other database */
    const char *map;   /* Postfix' file */
    const char *name;  /* whom to forget */
};

/* What a server says was written by a stranger. */
static void tell(const char *where, const char *what)
{
    struct strbuf line = {0};
    strbuf_format(&line, "%s: ", where);
    text_escape(&line, span_text(what));
    line_put(&line);
    strbuf_clear(&line);
}

static void complain(const char *where, const char *what)
{
    struct strbuf line = {0};
    text_escape(&line, span_text(what));
    diag_error("%s: %s", where, strbuf_text(&line));
    strbuf_clear(&line);
}

#define HERE  "embedded database"
#define THERE "other database"

/* ---- init, upgrade ---- */

static void make_here(const struct desk *desk)
{
    struct strbuf why = {0};
    const struct state_settings settings = {.folder = desk->config->state,
                                            .keep_s = desk->config->keep_s,
                                            .rows_max = desk->config->rows_max,
                                            .feeds = desk->config->feeds};
    bool held = state_is_held(desk->config->state, NULL) == 1;
    struct state *state = held ? NULL : state_open(&settings, &why);
    if (held)
        tell(HERE, "is in use by the daemon, which brings it up itself when it starts");
    else if (state == NULL)
        complain(HERE, strbuf_text(&why));
    else
        tell(HERE, "is there, and of this version");
    state_close(state);
    strbuf_clear(&why);
}

static void make_there(const struct desk *desk)
{
    struct texts told = {0};
    struct strbuf why = {0};
    int done = schema_upgrade(desk->link, desk->settings->with_spammers, &told, &why);
    for (size_t i = 0; i < told.len; i++)
        tell(THERE, told.at[i]);
    if (done != 0)
        complain(THERE, strbuf_text(&why));
    else if (told.len == 0)
        tell(THERE, "is of this version already");
    texts_clear(&told);
    strbuf_clear(&why);
}

static void act_make(const struct desk *desk)
{
    make_here(desk);
    if (desk->link != NULL)
        make_there(desk);
}

/* ---- check ---- */

static void check_here(const struct desk *desk)
{
    uint64_t newest, rows, bytes;
    struct strbuf why = {0}, line = {0};
    struct state_reader *reader = state_reader_open(desk->config->state, &why);
    if (reader == NULL || state_reader_check(reader, &why) != 0 ||
        state_reader_size(reader, &newest, &rows, &bytes, &why) != 0) {
        complain(HERE, strbuf_text(&why));
    } else {
        strbuf_format(&line, "%" PRIu64 " spam events", rows);
        tell(HERE, strbuf_text(&line));
    }
    state_reader_close(reader);
    strbuf_clear(&why);
    strbuf_clear(&line);
}

/* '?f' is a text of two characters, which few can have meant. */
static void look_for_quotes(const char *statement)
{
    for (const char *at = strchr(statement, '?'); at != NULL; at = strchr(at + 1, '?'))
        if (at > statement && at[1] != '\0' && strchr("'\"`", at[-1]) != NULL && at[2] == at[-1]) {
            struct strbuf line = {0};
            strbuf_format(&line, "%.4s is text, since it stands in quotes: a letter needs none",
                          at - 1);
            tell("query", strbuf_text(&line));
            strbuf_clear(&line);
        }
}

/* A row of the administrator's table is tried and taken back, where it can be taken back. */
static void check_query(const struct desk *desk)
{
    const struct query *query = &desk->config->query;
    struct strbuf why = {0};
    struct texts without = {0};
    if (!desk->config->has_query)
        return;
    struct link_statement *statement =
        link_prepare(desk->link, strbuf_text(&query->statement), &why);
    int done = statement == NULL ? -1 : 0;
    if (done == 0)
        done = schema_engines(desk->link, strbuf_text(&query->statement), &without, &why);
    if (done == 0 && without.len == 0)
        done = query_try(desk->link, statement, query, desk->config->feeder.utc, &why);
    if (done != 0)
        complain("query", strbuf_text(&why));
    if (done == 0)
        look_for_quotes(strbuf_text(&query->statement));
    if (done == 0)
        tell("query", without.len == 0 ? "is understood, and takes a row" : "is understood");
    for (size_t i = 0; i < without.len; i++) {
        struct strbuf line = {0};
        strbuf_format(&line,
                      "%s has no transactions: after a lost connection a row may come twice; ALTER "
                      "TABLE ... ENGINE=InnoDB",
                      without.at[i]);
        tell("query", strbuf_text(&line));
        strbuf_clear(&line);
    }
    texts_clear(&without);
    strbuf_clear(&why);
}

/* Without transactions nothing of what is promised holds. */
static void check_engines(const struct desk *desk)
{
    struct texts without = {0};
    struct strbuf why = {0}, line = {0};
    if (schema_engines(desk->link, NULL, &without, &why) != 0)
        complain(THERE, strbuf_text(&why));
    for (size_t i = 0; i < without.len; i++) {
        strbuf_reset(&line);
        strbuf_format(&line, "%s has no transactions: ALTER TABLE ... ENGINE=InnoDB",
                      without.at[i]);
        complain(THERE, strbuf_text(&line));
    }
    texts_clear(&without);
    strbuf_clear(&why);
    strbuf_clear(&line);
}

/* An own query alone needs none of our tables. */
static void check_there(const struct desk *desk)
{
    struct texts problems = {0};
    struct strbuf why = {0};
    int done = schema_check(desk->link, &problems, &why);
    if (done != 0)
        complain(THERE, strbuf_text(&why));
    for (size_t i = 0; i < problems.len; i++)
        complain(THERE, problems.at[i]);
    if (done == 0 && problems.len == 0)
        tell(THERE, "tables and rights are well");
    texts_clear(&problems);
    strbuf_clear(&why);
}

static void act_check(const struct desk *desk)
{
    check_here(desk);
    if (desk->link == NULL)
        return;
    check_there(desk);
    check_engines(desk);
    check_query(desk);
}

/* ---- purge ---- */

static void act_purge(const struct desk *desk)
{
    uint64_t rows;
    struct strbuf why = {0}, line = {0};
    int64_t period = desk->settings->older_than.seconds;
    const struct schema_keep keep = {period > 0 ? period : desk->config->keep_s, 0};
    if (!desk->config->feeds)
        tell(HERE, "the daemon removes what is older than keep by itself");
    if (desk->link == NULL)
        return;
    if (schema_purge(desk->link, &keep, 0, &rows, &why) != 0) {
        complain(THERE, strbuf_text(&why));
    } else {
        strbuf_format(&line, "removed %" PRIu64 " rows", rows);
        tell(THERE, strbuf_text(&line));
    }
    strbuf_clear(&why);
    strbuf_clear(&line);
}

/* ---- restored ---- */

/* While no daemon works with it. */
static int renew(const struct desk *desk, struct strbuf *why)
{
    const struct state_settings settings = {.folder = desk->config->state,
                                            .keep_s = desk->config->keep_s,
                                            .rows_max = desk->config->rows_max,
                                            .feeds = desk->config->feeds};
    struct state *state = state_open(&settings, why);
    struct state_reader *reader =
        state == NULL ? NULL : state_reader_open(desk->config->state, why);
    int done = reader == NULL ? -1 : state_reader_renew(reader, why);
    state_reader_close(reader);
    state_close(state);
    return done;
}

static void act_restored(const struct desk *desk)
{
    struct strbuf why = {0};
    if (renew(desk, &why) != 0)
        complain(HERE, strbuf_text(&why));
    else
        tell(HERE, "has a new number: its rows are new ones to the other database");
    strbuf_clear(&why);
}

/* ---- forget ---- */

static void tell_forgotten(const char *where, const struct desk *desk, int done, uint64_t rows,
                           struct strbuf *why)
{
    struct strbuf line = {0};
    if (rows == 0)
        strbuf_format(&line, "%s stands in no spam event", desk->name);
    else
        strbuf_format(&line, "%s is forgotten; rows that were changed: %" PRIu64, desk->name, rows);
    if (done != 0)
        complain(where, strbuf_text(why));
    else
        tell(where, strbuf_text(&line));
    strbuf_clear(&line);
    strbuf_reset(why);
}

static void act_forget(const struct desk *desk)
{
    uint64_t rows = 0;
    struct strbuf why = {0};
    int done = forget_here(desk->config->state, desk->map, desk->name, &rows, &why);
    tell_forgotten(HERE, desk, done, rows, &why);
    if (desk->link != NULL) {
        done = forget_there(desk->link, desk->name, &rows, &why);
        tell_forgotten(THERE, desk, done, rows, &why);
    }
    strbuf_clear(&why);
}

/* ---- */

static const struct act {
    const char *name;
    bool connects, makes, names; /* names: somebody stands behind it */
    void (*run)(const struct desk *desk);
} acts[] = {
    {"init", true, true, false, act_make},           {"upgrade", true, true, false, act_make},
    {"check", true, false, false, act_check},        {"purge", true, false, false, act_purge},
    {"restored", false, false, false, act_restored}, {"forget", true, false, true, act_forget}};

static const struct act *find_act(const struct run *run)
{
    for (size_t i = 0; run->argc > 0 && i < sizeof acts / sizeof *acts; i++)
        if (strcmp(run->argv[0], acts[i].name) == 0 && run->argc == (acts[i].names ? 2 : 1) &&
            *run->argv[run->argc - 1] != '\0')
            return &acts[i];
    diag_error("say `init`, `upgrade`, `check`, `purge`, `restored`, or `forget NAME`");
    return NULL;
}

/* A file of SQLite comes to be by init. What is here is looked after also while the other one is
 * down. */
static void connect_there(struct desk *desk, bool makes)
{
    const struct feeder_settings *feeder = &desk->config->feeder;
    struct strbuf why = {0};
    if (!desk->config->feeds)
        return;
    if (makes && feeder->place.kind == SQL_SQLITE) {
        struct sqlite *file = sqlite_open(feeder->place.file, feeder->deadline_ms, &why);
        sqlite_close(file);
    }
    desk->link = link_open(&feeder->place, feeder->password, feeder->deadline_ms, &why);
    if (desk->link == NULL)
        complain(THERE, strbuf_text(&why));
    strbuf_clear(&why);
}

static int run_store(void *at, const struct run *run)
{
    struct postlog_given given;
    const struct store_settings *settings = at;
    struct texts problems = {0};
    const struct act *act = find_act(run);
    if (act == NULL)
        return APPLET_TROUBLE;
    postlog_given_read(&given, run, settings->ini, &problems);
    for (size_t i = 0; i < problems.len; i++)
        diag_error("%s", problems.at[i]);
    struct desk desk = {.settings = settings,
                        .config = &given.plan.store,
                        .map = given.plan.listing.listing.file,
                        .name = run->argv[run->argc - 1]};
    if (problems.len == 0 && act->connects)
        connect_there(&desk, act->makes);
    if (problems.len == 0)
        act->run(&desk);
    link_close(desk.link);
    postlog_given_clear(&given);
    texts_clear(&problems);
    return 0; /* diag_error makes it APPLET_TROUBLE */
}

static const struct option options[] = {
    OPTION_FLAG(struct store_settings, with_spammers, "with-spammers", 0,
                "init and upgrade: also make postlog-sa's table spammers where it is missing, for "
                "a query of your own.",
                .flags = OPTION_NO_CONFIG),
    OPTION_PERIOD(struct store_settings, older_than, "older-than", 0, "PERIOD", NULL,
                  "purge: remove what is older; else what is older than keep in [store].",
                  .flags = OPTION_NO_CONFIG),
    OPTION_TEXT(struct store_settings, ini, "ini", 'C', "FILE", NULL, POSTLOG_INI_HELP,
                .flags = OPTION_NO_CONFIG),
    OPTION_END};

static const struct applet_example examples[] = {
    {"spamgear store init", "Make the tables, here and in the database of [store]."},
    {"spamgear store check", "Are tables, rights and the query well?"},
    {"spamgear store init -C /etc/postlog-sa/postlog-sa.ini", "The same of postlog-sa's database."},
    {"spamgear store forget anna", "anna has a new password: Postfix may take her mail again."},
    {NULL, NULL}};

static const struct applet_status statuses[] = {
    {0, "Done, or all is well."},
    {2, "Trouble: no connection, tables that are missing, old or newer, rights that are missing, "
        "a query that the database does not understand."},
    {0, NULL}};

const struct applet store_applet = {
    .name = "store",
    .summary = "Make and check the tables that spam events go to",
    .operands = "init | upgrade | check | purge | restored | forget NAME",
    .description =
        "The daemon keeps spam events in an embedded database, and brings them into another one "
        "that [store] names: MariaDB, MySQL or PostgreSQL, or what speaks their protocol (Galera, "
        "TiDB, Vitess, CockroachDB, Citus).\n\n"
        "`init` makes the tables: spamgear_schema, spamgear_spam, and spamgear_flow, "
        "spamgear_client, spamgear_claim for a fleet. `upgrade` brings those of an older version "
        "up; both make again what is missing of them, and doing either twice is harmless. The "
        "embedded database is brought up by the daemon itself, too.\n\n"
        "`check` looks at version, tables, indexes, keys, columns, rights and engines, and whether "
        "the database takes a row by your own query; it takes that row back, and changes nothing. "
        "It also looks through the embedded database for damage.\n\n"
        "`purge` removes what is older than keep, or than --older-than, from our tables in the "
        "other database. The daemon does it now and then by itself. Tables of your own query are "
        "yours, and are not touched.\n\n"
        "`restored` is for an embedded database that was put back from a backup, or was copied to "
        "another node with the machine: its numbers were given out already, so the other database "
        "has other rows under them, and what is new waits (the daemon says so). After it they are "
        "numbers of another series; nothing is lost, and what was stored since the backup, and is "
        "read again from the logs, comes twice. The daemon must not run meanwhile.\n\n"
        "`forget` takes a name out of the spam events here and in the other database, and out of "
        "the "
        "map that Postfix reads: a SASL username, an envelope sender, or a client's address. So "
        "who is in order again is not rejected for what was; the spam events stay, and count for "
        "the other names in them. Each node of a fleet has a map of its own. What comes from now "
        "on counts.\n\n"
        "The user needs SELECT, INSERT, UPDATE and DELETE for our tables; init and upgrade need "
        "CREATE and INDEX besides.",
    .options = (const struct option *const[]){options, NULL},
    .settings_size = sizeof(struct store_settings),
    .sections =
        (const struct section *const[]){&store_section, &fleet_section, &listing_section, NULL},
    .examples = examples,
    .statuses = statuses,
    .files = "/var/lib/spamgear/postlog.db is the embedded database.",
    .flags = APPLET_TOOL | APPLET_NO_CHORES,
    .run = run_store,
};
