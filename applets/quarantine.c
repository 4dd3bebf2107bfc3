/* quarantine - what was taken away: look at it, put it back, forget it.
 *
 * The names and labels shown were chosen by attackers: everything is escaped. What can destroy
 * something asks for it by name: restore never replaces a file, purge wants an age.
 */
#include "shared/line.h"
#include "spamgear/base/clock.h"
#include "spamgear/base/diag.h"
#include "spamgear/base/json.h"
#include "spamgear/base/text.h"
#include "spamgear/cli/applet.h"
#include "spamgear/log/stamp.h"
#include "spamgear/react/vault.h"
#include <inttypes.h>
#include <stdio.h>

struct quarantine_settings {
    char *dir, *to;
    struct period older_than;
    int format;
};

static const char *const format_names[] = {"text", "json", NULL};

static bool is_json(const struct quarantine_settings *settings)
{
    return settings->format == 1;
}

static void tell_all(struct texts *problems)
{
    for (size_t i = 0; i < problems->len; i++)
        diag_error("%s", problems->at[i]);
    texts_clear(problems);
}

/* ---- one case ---- */

/* A tenant may give his file any time; what no calendar has is told in seconds. */
static void format_time(int64_t time, char out[32])
{
    if (time > -62135596800 && time < 253402300800 - 86400)
        stamp_format(time, out);
    else
        snprintf(out, 32, "@%" PRId64, time);
}

static void write_json(const struct vault_case *one, struct strbuf *line)
{
    struct json json = {.out = line};
    char when[32], modified[32], hash[DIGEST_TEXT + 1], mode[8];
    format_time(one->when, when);
    format_time(one->st.st_mtim.tv_sec, modified);
    digest_text(one->hash, hash);
    snprintf(mode, sizeof mode, "%04o", one->st.st_mode & 07777);
    json_open(&json, NULL, '{');
    json_number(&json, "schema", 1);
    json_word(&json, "id", one->id);
    json_word(&json, "state", vault_state_name(one->state));
    json_word(&json, "time", when);
    json_text(&json, "path", span_text(one->path));
    json_text(&json, "hits", span_text(one->hits));
    json_text(&json, "reason", span_text(one->reason));
    json_number(&json, "size", (uint64_t)one->st.st_size);
    json_word(&json, "sha256", hash);
    json_number(&json, "owner", one->st.st_uid);
    json_number(&json, "group", one->st.st_gid);
    json_word(&json, "mode", mode);
    json_word(&json, "modified", modified);
    json_number(&json, "links", one->st.st_nlink);
    json_open(&json, "attributes", '[');
    for (size_t i = 0; i < one->attributes.len; i++)
        json_text(&json, NULL, span_text(one->attributes.at[i].name));
    json_close(&json, ']');
    json_number(&json, "attributes_left_out", one->attributes.left_out);
    json_close(&json, '}');
    line_put(line);
}

/* ID, state, time, size, owner, path, labels. */
static void write_row(const struct vault_case *one, struct strbuf *line)
{
    char when[32];
    format_time(one->when, when);
    strbuf_format(line, "%s %-8s %s %10" PRIu64 " %6u ", one->id, vault_state_name(one->state),
                  when, (uint64_t)one->st.st_size, (unsigned)one->st.st_uid);
    text_escape(line, span_text(one->path));
    strbuf_add_char(line, ' ');
    text_escape(line, span_text(one->hits));
    line_put(line);
}

static void write_time(struct strbuf *line, const char *name, int64_t time)
{
    char text[32];
    format_time(time, text);
    line_field(line, name, text);
}

static void write_attributes(struct strbuf *line, const struct attributes *list)
{
    for (size_t i = 0; i < list->len; i++) {
        strbuf_format(line, "%-10s", "attribute");
        text_escape(line, span_text(list->at[i].name));
        strbuf_format(line, ", %zu bytes", list->at[i].value.len);
        line_put(line);
    }
    if (list->left_out == 0)
        return;
    strbuf_format(line, "%-10s%u attributes that could not be kept", "left out", list->left_out);
    line_put(line);
}

static void write_fields(const struct vault_case *one, struct strbuf *line)
{
    char hash[DIGEST_TEXT + 1];
    digest_text(one->hash, hash);
    line_field(line, "case", one->id);
    line_field(line, "path", one->path);
    line_field(line, "hits", one->hits);
    line_field(line, "reason", one->reason);
    line_field(line, "state", vault_state_name(one->state));
    write_time(line, "when", one->when);
    strbuf_format(line, "%-10s%" PRIu64 " bytes", "size", (uint64_t)one->st.st_size);
    line_put(line);
    line_field(line, "sha256", hash);
    strbuf_format(line, "%-10s%u:%u, mode %04o", "owner", (unsigned)one->st.st_uid,
                  (unsigned)one->st.st_gid, one->st.st_mode & 07777);
    line_put(line);
    write_time(line, "modified", one->st.st_mtim.tv_sec);
    write_time(line, "changed", one->st.st_ctim.tv_sec);
    if (one->st.st_nlink > 1) {
        strbuf_format(line, "%-10s%ju names had this file: the others may still be there", "links",
                      (uintmax_t)one->st.st_nlink);
        line_put(line);
    }
    write_attributes(line, &one->attributes);
}

/* ---- the acts ---- */

typedef void write_case(const struct vault_case *one, struct strbuf *line);

static void write_one(struct vault *vault, const char *id, write_case *write)
{
    struct vault_case one;
    struct strbuf line = {0}, why = {0};
    if (vault_case_read(vault, id, &one, &why) == 0)
        write(&one, &line);
    else
        diag_error("%s", strbuf_text(&why));
    vault_case_clear(&one);
    strbuf_clear(&line);
    strbuf_clear(&why);
}

static void act_list(struct vault *vault, const struct quarantine_settings *settings, char **words)
{
    struct texts ids = {0};
    struct strbuf why = {0};
    (void)words;
    if (vault_list(vault, &ids, &why) != 0)
        diag_error("%s", strbuf_text(&why));
    for (size_t i = 0; i < ids.len; i++)
        write_one(vault, ids.at[i], is_json(settings) ? write_json : write_row);
    texts_clear(&ids);
    strbuf_clear(&why);
}

/* The ID that a word means, or false. */
static bool find(struct vault *vault, const char *word, char id[VAULT_ID])
{
    struct strbuf why = {0};
    int result = vault_find(vault, word, id, &why);
    if (result != 0)
        diag_error("%s", strbuf_text(&why));
    strbuf_clear(&why);
    return result == 0;
}

static void act_show(struct vault *vault, const struct quarantine_settings *settings, char **words)
{
    char id[VAULT_ID];
    for (; *words != NULL; words++)
        if (find(vault, *words, id))
            write_one(vault, id, is_json(settings) ? write_json : write_fields);
}

static void say_done(const char *id, const char *what, const char *path)
{
    struct strbuf line = {0};
    strbuf_format(&line, "%s %s", id, what);
    if (path != NULL)
        text_escape(&line, span_text(path));
    line_put(&line);
    strbuf_clear(&line);
}

static void act_restore(struct vault *vault, const struct quarantine_settings *settings,
                        char **words)
{
    struct texts remarks = {0};
    struct vault_case one = {0};
    struct strbuf why = {0};
    char id[VAULT_ID];
    if (!find(vault, *words, id))
        return;
    if (vault_restore(vault, id, settings->to, &remarks, &why) != 0 ||
        vault_case_read(vault, id, &one, &why) != 0)
        diag_error("%s", strbuf_text(&why));
    else
        say_done(id, "restored to ", settings->to != NULL ? settings->to : one.path);
    for (size_t i = 0; i < remarks.len; i++)
        diag_error("%s: restored, but %s", id, remarks.at[i]);
    texts_clear(&remarks);
    vault_case_clear(&one);
    strbuf_clear(&why);
}

static void forget(struct vault *vault, const struct texts *ids)
{
    struct texts problems = {0};
    struct strbuf why = {0};
    int removed = vault_remove(vault, ids, &problems, &why);
    tell_all(&problems);
    if (removed < 0)
        diag_error("%s", strbuf_text(&why));
    else
        printf("%d deleted\n", removed);
    strbuf_clear(&why);
}

/* All of them or none: a mistyped ID must not go unseen among many. */
static void act_delete(struct vault *vault, const struct quarantine_settings *settings,
                       char **words)
{
    struct texts ids = {0};
    char id[VAULT_ID];
    bool good = true;
    (void)settings;
    for (; *words != NULL; words++) {
        if (find(vault, *words, id))
            texts_add(&ids, id);
        else
            good = false;
    }
    if (good)
        forget(vault, &ids);
    texts_clear(&ids);
}

static void act_purge(struct vault *vault, const struct quarantine_settings *settings, char **words)
{
    struct texts ids = {0}, old = {0};
    struct strbuf why = {0};
    int64_t before = clock_now() - settings->older_than.seconds;
    (void)words;
    if (vault_list(vault, &ids, &why) != 0)
        diag_error("%s", strbuf_text(&why));
    for (size_t i = 0; i < ids.len; i++) {
        struct vault_case one;
        if (vault_case_read(vault, ids.at[i], &one, &why) != 0)
            diag_error("%s", strbuf_text(&why)); /* how old it is nobody knows: it stays */
        else if (one.when < before)
            texts_add(&old, one.id);
        vault_case_clear(&one);
    }
    forget(vault, &old);
    texts_clear(&ids);
    texts_clear(&old);
    strbuf_clear(&why);
}

static const struct act {
    const char *name;
    int least, most; /* words after it */
    void (*run)(struct vault *vault, const struct quarantine_settings *settings, char **words);
} acts[] = {
    {"list", 0, 0, act_list},       {"show", 1, 1000000, act_show},
    {"restore", 1, 1, act_restore}, {"delete", 1, 1000000, act_delete},
    {"purge", 0, 0, act_purge},
};
#define ACTS (sizeof acts / sizeof *acts)

static const struct act *find_act(const struct run *run)
{
    for (size_t i = 0; run->argc > 0 && i < ACTS; i++)
        if (strcmp(run->argv[0], acts[i].name) == 0 && run->argc - 1 >= acts[i].least &&
            run->argc - 1 <= acts[i].most)
            return &acts[i];
    diag_error(
        "say `list`, `show ID`, `restore ID`, `delete ID...`, or `purge --older-than PERIOD`");
    return NULL;
}

/* An option that the act does not look at was meant for something. */
static bool has_right_options(const struct act *act, const struct quarantine_settings *settings)
{
    if (settings->to != NULL && act->run != act_restore)
        diag_error("--to belongs to restore");
    else if (settings->older_than.seconds != 0 && act->run != act_purge)
        diag_error("--older-than belongs to purge");
    else if (settings->older_than.seconds == 0 && act->run == act_purge)
        diag_error("purge needs --older-than");
    else
        return true;
    return false;
}

static int run_quarantine(void *at, const struct run *run)
{
    const struct quarantine_settings *settings = at;
    struct texts problems = {0};
    struct strbuf why = {0};
    const struct act *act = find_act(run);
    if (act == NULL || !has_right_options(act, settings))
        return APPLET_TROUBLE;
    struct vault *vault = vault_open_old(settings->dir, &problems, &why);
    for (size_t i = 0; i < problems.len; i++)
        diag_warn("%s", problems.at[i]); /* told once, and set right now */
    if (vault == NULL)
        diag_error("%s", strbuf_text(&why));
    else
        act->run(vault, settings, run->argv + 1);
    vault_close(vault);
    texts_clear(&problems);
    strbuf_clear(&why);
    return 0; /* diag_error makes it APPLET_TROUBLE */
}

static const struct option options[] = {
    OPTION_TEXT(struct quarantine_settings, dir, "dir", 0, "DIR", "/root/shells",
                "The quarantine: what full-scan -q was given."),
    OPTION_CHOICE(struct quarantine_settings, format, "format", 0, "text|json", "text",
                  format_names, "How list and show print: text, or JSON, one object a line."),
    OPTION_TEXT(struct quarantine_settings, to, "to", 0, "PATH", NULL,
                "Restore to PATH, not to where the file was.", .flags = OPTION_NO_CONFIG),
    OPTION_PERIOD(struct quarantine_settings, older_than, "older-than", 0, "PERIOD", NULL,
                  "Purge what was taken longer ago than this: \"90days\", \"1 year\".",
                  .flags = OPTION_NO_CONFIG),
    OPTION_END};

static const struct option *const tables[] = {options, NULL};

static const struct applet_example examples[] = {
    {"quarantine list", "What was taken away, when, and why?"},
    {"quarantine restore 20261121-224605-7f", "Put a file back: it was none after all."},
    {"quarantine restore 20261121-224605-7f --to /root/look-at-this",
     "Put it somewhere else, to look at it."},
    {"quarantine purge --older-than 90days", "Forget what nobody has asked for."},
    {NULL, NULL}};

static const struct applet_status statuses[] = {
    {0, "Done."},
    {2, "Trouble: no quarantine there, no such case, several of them, a file that is in the way, a "
        "manifest or a content that is damaged."},
    {0, NULL}};

const struct applet quarantine_applet = {
    .name = "quarantine",
    .summary = "Look at, put back or forget what a scan took away",
    .operands = "list | show ID... | restore ID | delete ID... | purge",
    .description =
        "A scan with -q copies what it finds into the quarantine, compares the copy, and only then "
        "removes the file. Each file is a case with an ID, which begins with the time it was "
        "taken, in UTC; the first characters of an ID will do where no other begins so.\n\n"
        "`list` prints a line for each case, oldest first: ID, state, time, bytes, uid of the "
        "owner, path, labels. The state is taken, kept (the file stayed: a backup made before it "
        "was cleaned, or it could not be removed), restored, or begun (a run is at it now, or was "
        "killed and another still runs). `show` tells all there is about some.\n\n"
        "`restore` puts a file back with its bytes, owner, mode, times, ACLs and other extended "
        "attributes. It never replaces a file, never follows a symbolic link that a tenant could "
        "have made, and makes no folder. The case stays, until it is deleted or purged.\n\n"
        "`delete` forgets cases, and `purge` those older than --older-than. A content goes when "
        "no case has it any more, and none goes while a manifest cannot be read: it may be the "
        "one that needs it. Deleting that case by its ID ends this.",
    .options = tables,
    .settings_size = sizeof(struct quarantine_settings),
    .examples = examples,
    .statuses = statuses,
    .files = "DIR/objects holds the contents, by their SHA-256; DIR/cases the manifests, as text.",
    .run = run_quarantine,
};
