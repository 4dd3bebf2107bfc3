/* postfix-map - what Postfix must be told to reject those who are listed: map files, and lines for
 * main.cf.
 *
 * The formula is a sum that is compared with a constant, which every database can do. A % of SQL is
 * %% in Postfix' files, and a name is asked for in lower case.
 */
#include "shared/postlog_settings.h"
#include "spamgear/base/diag.h"
#include "spamgear/base/mem.h"
#include "spamgear/base/outfile.h"
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct map_settings {
    char *write, *folder, *ini;
    int table;
};

enum table { TABLE_OWN, TABLE_SPAMMERS };
static const char *const table_names[] = {"spamgear_spam", "spammers", NULL};
static const char *const kind_names[] = {"sqlite", "mysql", "pgsql"};

/* What all that is printed follows from. */
struct task {
    const struct map_settings *settings;
    const char *type; /* as Postfix names it */
    enum sql_kind kind;
    struct postlog_given given;
    bool secret; /* the password is written, too */
};

/* ---- queries ---- */

static void add_action(struct strbuf *out, const char *action)
{
    for (; *action != '\0'; action++) {
        if (*action == '\'' || *action == '%')
            strbuf_add_char(out, *action);
        strbuf_add_char(out, *action);
    }
}

/* Spam recipients are whole numbers. */
static int64_t most_of(const struct listing_rule *rule)
{
    return (int64_t)floor(listing_threshold(rule));
}

/* Unix time without a %: SQLite counts days since noon on 24 November 4714 BC. */
static void add_sqlite(struct strbuf *out, enum listing_kind kind)
{
    strbuf_format(out,
                  "SELECT action FROM access WHERE kind = '%s' AND name = '%%s' AND until > "
                  "(julianday('now') - 2440587.5) * 86400",
                  listing_kind_name(kind));
}

/* Postfix asks in lower case. PostgreSQL has an index of what is folded. Columns of MySQL fold by
 * themselves, but accents do not count for them either: what they find is looked at again. */
static void add_name(struct strbuf *out, const struct task *task, enum listing_kind kind,
                     const char *column)
{
    if (task->kind == SQL_PGSQL && kind != LISTING_CLIENT)
        strbuf_format(out, "LOWER(%s) = '%%s'", column);
    else
        strbuf_format(out, "%s = '%%s'", column);
    if (task->kind == SQL_MYSQL && kind != LISTING_CLIENT)
        strbuf_format(out,
                      " AND CONVERT(LOWER(%s) USING utf8mb4) COLLATE utf8mb4_bin = LOWER('%%s')",
                      column);
}

static void add_own(struct strbuf *out, const struct task *task, enum listing_kind kind)
{
    const struct listing_rule *rule = &task->given.plan.listing.listing.rules[kind];
    strbuf_add_text(out, "SELECT '");
    add_action(out, rule->action);
    strbuf_add_text(out, "' FROM spamgear_spam WHERE ");
    add_name(out, task, kind, listing_kind_name(kind));
    strbuf_format(out, " AND time > %s - %" PRId64 " HAVING SUM(victims) > %" PRId64,
                  task->kind == SQL_PGSQL ? "CAST(EXTRACT(EPOCH FROM NOW()) AS BIGINT)"
                                          : "UNIX_TIMESTAMP()",
                  rule->days * 86400, most_of(rule));
}

/* postlog-sa's query puts senders and clients into the same column. */
static void add_spammers(struct strbuf *out, const struct task *task, enum listing_kind kind)
{
    const struct listing_rule *rule = &task->given.plan.listing.listing.rules[kind];
    strbuf_add_text(out, "SELECT '");
    add_action(out, rule->action);
    strbuf_add_text(out, "' FROM spammers WHERE ");
    add_name(out, task, kind, "client");
    strbuf_format(out,
                  " AND created >= NOW() - INTERVAL %s%" PRId64
                  "%s HAVING SUM(spam_victims_score) > %" PRId64,
                  task->kind == SQL_PGSQL ? "'" : "", rule->days,
                  task->kind == SQL_PGSQL ? " days'" : " DAY", most_of(rule));
}

static void add_query(struct strbuf *out, const struct task *task, enum listing_kind kind)
{
    strbuf_add_text(out, "query = ");
    if (task->kind == SQL_SQLITE)
        add_sqlite(out, kind);
    else if (task->settings->table == TABLE_OWN)
        add_own(out, task, kind);
    else
        add_spammers(out, task, kind);
    strbuf_add_char(out, '\n');
}

/* ---- files ---- */

static unsigned port_of(const struct task *task)
{
    unsigned port = task->given.plan.store.feeder.place.port;
    return port != 0 ? port : task->kind == SQL_MYSQL ? 3306 : 5432;
}

static const char *password_of(const struct task *task)
{
    const char *password = task->given.plan.store.feeder.password;
    return task->secret && password != NULL ? password : "PASSWORD";
}

static void add_encoded(struct strbuf *out, const char *text)
{
    for (; *text != '\0'; text++)
        strbuf_format(out, isalnum((unsigned char)*text) ? "%c" : "%%%02X", (unsigned char)*text);
}

/* PostgreSQL: TLS goes into a URI only, and user and password with it. */
static void add_uri(struct strbuf *out, const struct task *task)
{
    const struct sql_place *place = &task->given.plan.store.feeder.place;
    bool numbers = strchr(place->host, ':') != NULL;
    strbuf_add_text(out, "hosts = postgresql://");
    add_encoded(out, place->user != NULL ? place->user : "USER");
    strbuf_add_char(out, ':');
    add_encoded(out, password_of(task));
    strbuf_format(out, numbers ? "@[%s]:%u/" : "@%s:%u/", place->host, port_of(task));
    add_encoded(out, place->database);
    strbuf_add_text(out, place->tls == SQL_TLS_VERIFY ? "?sslmode=verify-full&sslrootcert="
                                                      : "?sslmode=require");
    if (place->tls_ca != NULL)
        add_encoded(out, place->tls_ca);
    strbuf_add_char(out, '\n');
}

/* Postfix takes what stands behind the last colon for the port. */
static void add_hosts(struct strbuf *out, const struct task *task)
{
    const struct sql_place *place = &task->given.plan.store.feeder.place;
    if (!task->given.plan.store.feeds)
        strbuf_add_text(out, "hosts = 127.0.0.1\n");
    else if (place->socket != NULL)
        strbuf_format(out, "hosts = unix:%s\n", place->socket);
    else if (task->kind == SQL_PGSQL && place->tls != SQL_TLS_ASIS)
        add_uri(out, task);
    else
        strbuf_format(out, "hosts = inet:%s:%u\n", place->host, port_of(task));
}

static void add_tls(struct strbuf *out, const struct task *task)
{
    const struct sql_place *place = &task->given.plan.store.feeder.place;
    if (task->kind == SQL_MYSQL && place->tls == SQL_TLS_VERIFY)
        strbuf_format(out, "tls_CAfile = %s\ntls_verify_cert = yes\n", place->tls_ca);
    else if (task->kind == SQL_MYSQL && place->tls == SQL_TLS_REQUIRE)
        strbuf_add_text(out,
                        "# tls=require: Postfix encrypts with tls_CAfile only (tls=verify).\n");
}

static void add_server(struct strbuf *out, const struct task *task)
{
    const struct sql_place *place = &task->given.plan.store.feeder.place;
    add_hosts(out, task);
    add_tls(out, task);
    strbuf_format(out, "user = %s\n", place->user != NULL ? place->user : "USER");
    strbuf_format(out, "password = %s\n", password_of(task));
    strbuf_format(out, "dbname = %s\n", place->database != NULL ? place->database : "DATABASE");
}

/* The formula, as it is meant. */
static void add_formula(struct strbuf *out, const struct listing_rule *rule)
{
    strbuf_format(out,
                  "# 1 - e^(-v/%g) > %g, that is v > %.3f, with v the spam recipients of the last "
                  "%" PRId64 " days.\n",
                  rule->divisor, rule->probability, listing_threshold(rule), rule->days);
}

static void make_file(struct strbuf *out, const struct task *task, enum listing_kind kind)
{
    add_formula(out, &task->given.plan.listing.listing.rules[kind]);
    if (task->kind == SQL_SQLITE)
        strbuf_format(out, "dbpath = %s\n", task->given.plan.listing.listing.file);
    else
        add_server(out, task);
    add_query(out, task, kind);
}

/* Has this kind a file? */
static bool is_made(const struct task *task, enum listing_kind kind)
{
    return task->given.plan.listing.listing.rules[kind].on &&
           (task->kind == SQL_SQLITE || task->settings->table == TABLE_OWN || kind != LISTING_SASL);
}

static const char *folder_of(const struct task *task)
{
    return task->settings->write != NULL ? task->settings->write : task->settings->folder;
}

static void add_path(struct strbuf *out, const struct task *task, enum listing_kind kind)
{
    strbuf_format(out, "%s/spamgear-%s.cf", folder_of(task), listing_kind_name(kind));
}

/* There are passwords in it: not even for a moment may everybody read it. */
static int write_file(const struct task *task, const char *path, struct span text,
                      struct strbuf *why)
{
    struct outfile file;
    struct stat st;
    if (outfile_open(&file, path, why) != 0)
        return -1;
    mode_t most = task->kind == SQL_SQLITE ? 0644 : 0640;
    if (fstat(fileno(file.stream), &st) != 0 ||
        fchmod(fileno(file.stream), st.st_mode & most) != 0) {
        strbuf_why(why, "%s: %s", path, strerror(errno));
        outfile_abandon(&file);
        return -1;
    }
    fwrite(text.at, 1, text.len, file.stream);
    if (outfile_keep_owner(&file, why) == 0)
        return outfile_commit(&file, why);
    outfile_abandon(&file);
    return -1;
}

static void give_file(const struct task *task, enum listing_kind kind)
{
    struct strbuf path = {0}, text = {0}, why = {0};
    add_path(&path, task, kind);
    make_file(&text, task, kind);
    if (task->settings->write == NULL)
        printf("# ---- %s ----\n%s\n", strbuf_text(&path), strbuf_text(&text));
    else if (write_file(task, strbuf_text(&path), strbuf_span(&text), &why) == 0)
        printf("# %s: written\n", strbuf_text(&path));
    else
        diag_error("%s", strbuf_text(&why));
    if (text.len > 0)
        explicit_bzero(text.data, text.len);
    strbuf_clear(&path);
    strbuf_clear(&text);
    strbuf_clear(&why);
}

/* ---- main.cf ---- */

struct place {
    enum listing_kind kind;
    const char *parameter, *check, *remark;
};

/* What cannot be forged stands before what can. */
static const struct place places[] = {
    {LISTING_CLIENT, "smtpd_client_restrictions", "check_client_access",
     "# client: its address cannot be forged, but many may share one (NAT). Where users log in\n"
     "# from such networks, put permit_sasl_authenticated in front of it.\n"},
    {LISTING_SASL, "smtpd_sender_restrictions", "check_sasl_access",
     "# sasl: the user who logged in cannot be forged, since he gave his password.\n"},
    {LISTING_SENDER, "smtpd_sender_restrictions", "check_sender_access",
     "# sender: anybody can write anybody's, and have him rejected so.\n"},
};
#define PLACES (sizeof places / sizeof *places)

/* A parameter that stood twice would count once. */
static void print_place(const struct task *task, size_t number, const char **last)
{
    const struct place *place = &places[number];
    struct strbuf path = {0};
    add_path(&path, task, place->kind);
    if (*last == NULL || strcmp(*last, place->parameter) != 0)
        printf("%s =\n", place->parameter);
    printf("    %s %s:%s\n", place->check, task->type, strbuf_text(&path));
    *last = place->parameter;
    strbuf_clear(&path);
}

static void print_main_cf(const struct task *task)
{
    const char *last = NULL;
    printf("# ---- main.cf ----\n"
           "# In front of what these parameters have already: what permits stands behind.\n");
    if (task->kind == SQL_SQLITE)
        printf("# Start the daemon first: it makes the file, without which Postfix refuses all "
               "mail.\n");
    for (size_t i = 0; i < PLACES; i++)
        if (is_made(task, places[i].kind))
            printf("%s", places[i].remark);
    if (task->given.plan.listing.listing.rules[LISTING_SASL].on && !is_made(task, LISTING_SASL))
        printf("# postlog-sa's table has no SASL usernames: who logs in is not rejected for his "
               "name.\n");
    for (size_t i = 0; i < PLACES; i++)
        if (is_made(task, places[i].kind))
            print_place(task, i, &last);
}

/* ---- what is asked ---- */

static void check_place(const struct task *task, struct texts *problems)
{
    const struct store_config *store = &task->given.plan.store;
    const char *password = store->feeder.password;
    if (*folder_of(task) != '/')
        texts_format(problems, "\"%s\" is no whole path of a folder", folder_of(task));
    if (task->kind == SQL_SQLITE || !store->feeds)
        return;
    if (store->feeder.place.kind != task->kind)
        texts_format(problems, "[store] url: is no place of %s", task->type);
    if (password != NULL && (*password == ' ' || password[strcspn(password, "\n\r")] != '\0' ||
                             password[strlen(password) - 1] == ' '))
        texts_add(problems, "[store] password-file: Postfix' files can hold no password with "
                            "blanks at its ends, or of several lines");
}

static int find_kind(const struct run *run, struct task *task)
{
    for (size_t i = 0; run->argc == 1 && i < sizeof kind_names / sizeof *kind_names; i++)
        if (strcmp(run->argv[0], kind_names[i]) == 0) {
            task->type = kind_names[i];
            task->kind = (enum sql_kind)i;
            return 0;
        }
    diag_error("one of sqlite, mysql and pgsql is wanted");
    return -1;
}

/* Where Postfix' user cannot read the map, all mail is refused for the time being; postmap, run by
 * root, shows nothing of it. The innermost folder is told. */
static void look_at_way(const char *file)
{
    struct stat st;
    char *way = mem_text(file);
    for (char *end = strrchr(way, '/'); end != NULL && end > way; end = strrchr(way, '/')) {
        *end = '\0';
        if (stat(way, &st) != 0 || (st.st_mode & S_IXOTH) != 0)
            continue;
        diag_warn("%s: others may not go through it, and Postfix' user must, to read %s: chmod "
                  "o+x, or set [listing] file",
                  way, file);
        break;
    }
    free(way);
}

static void give(const struct task *task)
{
    if (task->kind == SQL_SQLITE)
        look_at_way(task->given.plan.listing.listing.file);
    for (int kind = 0; kind < LISTING_KINDS; kind++)
        if (is_made(task, (enum listing_kind)kind))
            give_file(task, (enum listing_kind)kind);
    print_main_cf(task);
}

static int run(void *settings, const struct run *run)
{
    struct task task = {.settings = settings};
    struct texts problems = {0};
    if (find_kind(run, &task) != 0)
        return 2;
    task.secret = task.settings->write != NULL;
    postlog_given_read(&task.given, run, task.settings->ini, &problems);
    check_place(&task, &problems);
    for (size_t i = 0; i < problems.len; i++)
        diag_error("%s", problems.at[i]);
    if (problems.len == 0)
        give(&task);
    texts_clear(&problems);
    postlog_given_clear(&task.given);
    return 0;
}

static const struct option options[] = {
    OPTION_TEXT(struct map_settings, write, "write", 'w', "DIR", NULL,
                "Write the files into DIR, with the password of [store] in them; of main.cf the "
                "lines are printed all the same."),
    OPTION_TEXT(struct map_settings, folder, "folder", 0, "DIR", "/etc/postfix",
                "Where the files will be, when they are only printed."),
    OPTION_CHOICE(struct map_settings, table, "table", 0, "spamgear_spam|spammers", "spamgear_spam",
                  table_names,
                  "mysql and pgsql: what is asked, spamgear's own table or postlog-sa's."),
    OPTION_TEXT(struct map_settings, ini, "ini", 'C', "FILE", NULL, POSTLOG_INI_HELP,
                .flags = OPTION_NO_CONFIG),
    OPTION_END};

static const struct applet_example examples[] = {
    {"spamgear postfix-map sqlite", "The embedded database: what to put where?"},
    {"spamgear postfix-map mysql --write /etc/postfix", "A shared one; writes the files."},
    {"spamgear postfix-map mysql --table spammers", "postlog-sa's table, as it is."},
    {NULL, NULL}};

static const struct applet_status statuses[] = {
    {0, "Printed, or written."},
    {2, "A wrong setting, or a file that cannot be written."},
    {0, NULL}};

const struct applet postfix_map_applet = {
    .name = "postfix-map",
    .summary = "Print Postfix' map files and main.cf lines to reject who sent spam",
    .operands = "sqlite | mysql | pgsql",
    .description =
        "Prints the files by which Postfix asks who is listed, and the lines of main.cf that use "
        "them; or writes the files. What is listed, and from when on, says section [listing]: "
        "postlog-sa's formula, 1 - e^(-v/20) > 0.1 with v the spam recipients of the last 20 days, "
        "turned into a sum and a constant, so that any database can do it.\n\n"
        "`sqlite` asks the file that the daemon keeps beside its own database. It is changed in "
        "place, so Postfix needs no reload. `mysql` and `pgsql` ask the database of section "
        "[store] at each lookup: spamgear's table, or postlog-sa's with --table spammers, where "
        "senders and clients stand in one column.\n\n"
        "A SASL username cannot be forged, and a client's address hardly; an envelope sender can "
        "be written by anybody, so it is only asked for when [listing] says `sender = yes`.\n\n"
        "Postfix needs its package postfix-sqlite, postfix-mysql or postfix-pgsql. It opens maps "
        "before it goes into its chroot; proxy: in front of a map also works, if the user postfix "
        "may read the file.",
    .options = (const struct option *const[]){options, NULL},
    .settings_size = sizeof(struct map_settings),
    .sections =
        (const struct section *const[]){&listing_section, &store_section, &fleet_section, NULL},
    .examples = examples,
    .statuses = statuses,
    .flags = APPLET_TOOL | APPLET_NO_CHORES,
    .run = run,
};
