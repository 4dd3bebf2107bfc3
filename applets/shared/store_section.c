/* store_section - the rows of sections [store] and [fleet]. */
#include "store_section.h"

#include "spamgear/base/secret.h"
#include <unistd.h>

struct store_values {
    char *url, *password_file, *query, *state;
    struct period keep, timeout;
    uint64_t rows_max;
    bool utc;
};

struct fleet_values {
    bool share;
    char *node;
    struct period staleness;
};

static const struct option store_rows[] = {
    OPTION_TEXT(struct store_values, url, "url", 0, "URL", NULL,
                "Another database that gets the spam events: mysql://[USER@]HOST[:PORT]/DATABASE, "
                "mysql:///DATABASE?socket=/PATH, pgsql://[USER@]HOST[:PORT]/DATABASE, "
                "pgsql:///DATABASE?host=/FOLDER, or sqlite:/FILE. Without it the embedded database "
                "in state is all there is."),
    OPTION_TEXT(struct store_values, password_file, "password-file", 0, "FILE", NULL,
                "A file with the password, which only its owner may read."),
    OPTION_TEXT(struct store_values, query, "query", 0, "STATEMENT", NULL,
                "A statement of your own for each spam event. ?i stands for the queue ID, ?m the "
                "Message-ID, ?f the envelope sender, ?c the client address, ?t the time accepted, "
                "?s the number of spam recipients, ?u the SASL username, ?v the verdict, ?p the "
                "score."),
    OPTION_FLAG(struct store_values, utc, "utc", 0, "?t is in UTC, and not in local time."),
    OPTION_TEXT(struct store_values, state, "state", 0, "DIR", STATE_FOLDER,
                "The folder of the embedded database, postlog.db, where spam events also wait for "
                "another database that is down."),
    OPTION_PERIOD(struct store_values, keep, "keep", 0, "PERIOD", "30 days",
                  "Keep spam events so long, and at least as long as [listing] days says."),
    OPTION_COUNT(struct store_values, rows_max, "rows-max", 0, "N", "2000000", 1000, 1000000000,
                 "Keep so many spam events in the embedded database at most. When there are more, "
                 "the oldest go, and those that another database has not got are told as lost."),
    OPTION_PERIOD(struct store_values, timeout, "timeout", 0, "PERIOD", "10sec",
                  "The time that another database has for each answer."),
    OPTION_END};

static const struct option fleet_rows[] = {
    OPTION_FLAG(struct fleet_values, share, "share", 0,
                "Share what each sender sends with the other nodes of the database of [store], so "
                "that limits hold for the sum."),
    OPTION_TEXT(struct fleet_values, node, "node", 0, "NAME", NULL,
                "The name of this node, which no other one has; else the host name."),
    OPTION_PERIOD(struct fleet_values, staleness, "staleness", 0, "PERIOD", "5sec",
                  "How old the other nodes' counts may be."),
    OPTION_END};

const struct section store_section = {
    .name = "store",
    .summary = "where spam events go",
    .options = (const struct option *const[]){store_rows, NULL},
    .settings_size = sizeof(struct store_values),
};

const struct section fleet_section = {
    .name = "fleet",
    .summary = "nodes that share counts",
    .options = (const struct option *const[]){fleet_rows, NULL},
    .settings_size = sizeof(struct fleet_values),
};

static void read_node(struct store_config *own, const struct fleet_values *fleet,
                      struct texts *problems)
{
    if (fleet->node == NULL && gethostname(own->node, sizeof own->node) != 0)
        own->node[0] = '\0';
    else if (fleet->node != NULL && strlen(fleet->node) < sizeof own->node)
        memcpy(own->node, fleet->node, strlen(fleet->node));
    own->node[sizeof own->node - 1] = '\0';
    if (own->node[0] == '\0' || own->node[strcspn(own->node, " '\"\\")] != '\0')
        texts_format(problems,
                     "[fleet] node: no name of at most %zu bytes without blanks and quotes",
                     sizeof own->node - 1);
}

static void use_query(struct store_config *own, const char *text, struct texts *problems)
{
    struct strbuf why = {0};
    query_clear(&own->query);
    own->has_query = query_parse(text, &own->query, &why) == 0;
    if (!own->has_query)
        texts_format(problems, "[store] query: %s", strbuf_text(&why));
    own->feeder.query = own->has_query ? &own->query : NULL;
    strbuf_clear(&why);
}

static void use_url(struct store_config *own, const char *url, struct texts *problems)
{
    struct strbuf why = {0};
    sql_place_clear(&own->feeder.place);
    own->feeds = url != NULL && sql_place_parse(url, &own->feeder.place, &why) == 0;
    if (url != NULL && !own->feeds)
        texts_format(problems, "[store] url: %s", strbuf_text(&why));
    strbuf_clear(&why);
}

static void use_password(struct store_config *own)
{
    own->feeder.password = own->password.len > 0 ? strbuf_text(&own->password) : NULL;
}

static void read_password(struct store_config *own, const char *file, struct texts *problems)
{
    struct strbuf why = {0};
    if (secret_read(file, &own->password, &why) != 0)
        texts_format(problems, "[store] password-file: %s", strbuf_text(&why));
    strbuf_clear(&why);
    use_password(own);
}

void store_config_read(struct store_config *own, const struct config *config,
                       struct texts *problems)
{
    *own = (struct store_config){0};
    section_read(&own->store, &store_section, config, problems);
    section_read(&own->fleet, &fleet_section, config, problems);
    const struct store_values *store = own->store.own;
    const struct fleet_values *fleet = own->fleet.own;
    read_node(own, fleet, problems);
    own->state = own->feeder.state_folder = store->state;
    own->keep_s = store->keep.seconds;
    own->rows_max = store->rows_max;
    own->feeder.utc = store->utc;
    own->feeder.node = own->node;
    own->feeder.fleet = fleet->share;
    own->feeder.keep_s = store->keep.seconds;
    own->feeder.poll_ms =
        (int)(fleet->staleness.seconds > 300 ? 60000 : fleet->staleness.seconds * 200);
    own->feeder.deadline_ms =
        (int)(store->timeout.seconds > 3600 ? 3600 : store->timeout.seconds) * 1000;
    use_url(own, store->url, problems);
    if (store->password_file != NULL)
        read_password(own, store->password_file, problems);
    if (store->query != NULL)
        use_query(own, store->query, problems);
    if (store->url == NULL && store->query != NULL)
        texts_add(problems, "[store] query: there is no url of a database for it");
    if (store->url == NULL && fleet->share)
        texts_add(problems, "[fleet] share: there is no url of a database in [store]");
}

void store_config_use(struct store_config *own, const char *url, const char *password,
                      const char *query, bool utc, struct texts *problems)
{
    use_url(own, url, problems);
    strbuf_reset(&own->password);
    if (password != NULL)
        strbuf_add_text(&own->password, password);
    use_password(own);
    query_clear(&own->query);
    own->has_query = false;
    own->feeder.query = NULL;
    if (query != NULL)
        use_query(own, query, problems);
    own->feeder.utc = utc;
}

void store_config_clear(struct store_config *own)
{
    if (own->password.data != NULL)
        explicit_bzero(own->password.data, own->password.cap);
    strbuf_clear(&own->password);
    query_clear(&own->query);
    sql_place_clear(&own->feeder.place);
    section_clear(&own->store);
    section_clear(&own->fleet);
}
