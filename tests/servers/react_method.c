/* react_method METHOD OPERATION NAME MEMO-FILE [KEY=VALUE...] - one step of one method, and what
 * came of it in a line: "needed: what it would do", "on", "done", "failed: why".
 *
 * plan writes the memo file, the other operations read it, as the cases do it for react. Keys are
 * those of [react] (ssh-options once for each word), and ids (queue IDs, with commas), case,
 * reason, expires, now. */
#include "spamgear/base/clock.h"
#include "spamgear/base/infile.h"
#include "spamgear/react/method.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct react_settings settings = {.timeout_s = 10, .hold_max = 1000};
static struct target target = {.kind = SENDER_SASL, .reason = "131 messages", .case_id = 7};
static struct texts ids;

static const struct {
    const char *key;
    size_t offset;
} texts[] = {
    {"map-file", offsetof(struct react_settings, map_file)},
    {"map-action", offsetof(struct react_settings, map_action)},
    {"dovecot-deny", offsetof(struct react_settings, dovecot_deny)},
    {"doveadm", offsetof(struct react_settings, doveadm)},
    {"dovecot-config", offsetof(struct react_settings, dovecot_config)},
    {"sql", offsetof(struct react_settings, sql)},
    {"sql-password-file", offsetof(struct react_settings, sql_password_file)},
    {"sql-disable", offsetof(struct react_settings, sql_disable)},
    {"sql-enable", offsetof(struct react_settings, sql_enable)},
    {"sql-status", offsetof(struct react_settings, sql_status)},
    {"mail-server", offsetof(struct react_settings, mail_server)},
    {"postfix-config", offsetof(struct react_settings, postfix_config)},
    {"postfix-programs", offsetof(struct react_settings, postfix_programs)},
    {"exim", offsetof(struct react_settings, exim)},
    {"exim-spool", offsetof(struct react_settings, exim_spool)},
    {"exim-list", offsetof(struct react_settings, exim_list)},
    {"nis-server", offsetof(struct react_settings, nis_server)},
    {"nis-user", offsetof(struct react_settings, nis_user)},
    {"nis-command", offsetof(struct react_settings, nis_command)},
};

static void read_ids(char *list)
{
    for (char *id = strtok(list, ","); id != NULL; id = strtok(NULL, ","))
        texts_add(&ids, id);
    target.queue_ids = &ids;
}

static int read_type(const char *value)
{
    static const char *const types[] = {"sqlite", "lmdb", "hash", "cdb"};
    int type = 0;
    while (type < 3 && strcmp(types[type], value) != 0)
        type++;
    return type;
}

static bool set(const char *key, char *value)
{
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (strcmp(texts[i].key, key) == 0) {
            memcpy((char *)&settings + texts[i].offset, &value, sizeof value);
            return true;
        }
    if (strcmp(key, "map-type") == 0)
        settings.map_type = read_type(value);
    else if (strcmp(key, "hold-max") == 0)
        settings.hold_max = strtoull(value, NULL, 10);
    else if (strcmp(key, "timeout") == 0)
        settings.timeout_s = atoll(value);
    else if (strcmp(key, "ssh-options") == 0)
        texts_add(&settings.ssh_options, value);
    else if (strcmp(key, "ids") == 0)
        read_ids(value);
    else if (strcmp(key, "case") == 0)
        target.case_id = atoll(value);
    else if (strcmp(key, "reason") == 0)
        target.reason = value;
    else if (strcmp(key, "expires") == 0)
        target.expires = atoll(value);
    else if (strcmp(key, "now") == 0)
        clock_pin(atoll(value));
    else
        return false;
    return true;
}

static bool read_arguments(int argc, char **argv)
{
    for (int i = 5; i < argc; i++) {
        char *equals = strchr(argv[i], '=');
        if (equals == NULL)
            return false;
        *equals = '\0';
        if (!set(argv[i], equals + 1)) {
            fprintf(stderr, "no setting %s\n", argv[i]);
            return false;
        }
    }
    return argc >= 5;
}

static void plan(const struct method *method, const char *memo_file, struct strbuf *why)
{
    static const char *const names[] = {"refused", "needed", "in force", "nothing"};
    struct strbuf what = {0}, memo = {0};
    enum method_plan result = method->plan(&settings, &target, &what, &memo, why);
    FILE *f = fopen(memo_file, "w");
    if (f != NULL) {
        fputs(strbuf_text(&memo), f);
        fclose(f);
    }
    printf("%s: %s\n", names[result + 1],
           strbuf_text(result == METHOD_REFUSED || result == METHOD_NOTHING ? why : &what));
    strbuf_clear(&what);
    strbuf_clear(&memo);
}

static void tell(int result, const char *good, const struct strbuf *why)
{
    if (result == 0)
        printf("%s%s%s\n", good, why->len > 0 ? ": " : "", strbuf_text(why));
    else
        printf("failed: %s\n", strbuf_text(why));
}

static void look(const struct method *method, struct span memo, struct strbuf *why)
{
    static const char *const names[] = {"untold: ", "off", "on"};
    enum method_state state = method->look(&settings, &target, memo, why);
    printf("%s%s\n", names[state + 1], state == METHOD_UNTOLD ? strbuf_text(why) : "");
}

static void operate(const struct method *method, const char *operation, const char *memo_file)
{
    struct strbuf why = {0}, memo = {0};
    infile_read(memo_file, 1 << 20, &memo, NULL, NULL);
    if (strcmp(operation, "check") == 0)
        tell(method->check(&settings, &why), "complete", &why);
    else if (strcmp(operation, "plan") == 0)
        plan(method, memo_file, &why);
    else if (strcmp(operation, "apply") == 0)
        tell(method->apply(&settings, &target, strbuf_span(&memo), &why), "done", &why);
    else if (strcmp(operation, "undo") == 0)
        tell(method->undo(&settings, &target, strbuf_span(&memo), &why), "undone", &why);
    else
        look(method, strbuf_span(&memo), &why);
    strbuf_clear(&why);
    strbuf_clear(&memo);
}

int main(int argc, char **argv)
{
    if (!read_arguments(argc, argv))
        return 2;
    target.name = argv[3];
    const struct method *method = method_find(argv[1]);
    if (method == NULL)
        return 2;
    operate(method, argv[2], argv[4]);
    texts_clear(&ids);
    texts_clear(&settings.ssh_options);
    return 0;
}
