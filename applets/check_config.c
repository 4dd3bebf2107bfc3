/* check_config - `spamgear check-config`: is the config right, for every applet? */
#include "shared/custom_formats.h"
#include "shared/postlog_check.h"
#include "spamgear/base/addr.h"
#include "spamgear/base/diag.h"
#include "spamgear/cli/front.h"
#include "spamgear/sender/limit.h"
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

/* Is the entry in the section, or in that of one applet: [limits], [limits exim-spam-check]? */
static bool is_in(const struct config_entry *entry, const char *section)
{
    size_t len = strlen(section);
    return strncmp(entry->section, section, len) == 0 &&
           (entry->section[len] == '\0' || entry->section[len] == ' ');
}

static void check_limit(struct config *config, const struct config_entry *entry)
{
    struct limits limits = {0};
    struct strbuf why = {0};
    if (limit_add(&limits, entry->key, entry->value, entry->file, entry->line, &why) != 0)
        config_problem(config, entry->file, entry->line, "%s: %s", entry->key, strbuf_text(&why));
    limit_clear(&limits);
    strbuf_clear(&why);
}

static void check_addresses(struct config *config, const struct config_entry *entry)
{
    struct span word;
    struct prefix prefix;
    const char *text = entry->value;
    for (int result; (result = prefix_take(&text, &word, &prefix)) != 0;)
        if (result < 0)
            config_problem(config, entry->file, entry->line, "%s: \"%.*s\" is not an IP address",
                           entry->key, (int)word.len, word.at);
}

/* Patterns are compiled when all else is right: what is wrong with their keys is told by then. */
static void check_formats(const struct config *config)
{
    struct custom_formats formats = {0};
    if (config->problems.len == 0)
        custom_formats_read(&formats, config);
    custom_formats_clear(&formats);
}

/* The old tools' files are known by their names. Returns whether path is one, after telling what
 * is wrong with it. */
static bool check_old_file(const char *path)
{
    const char *slash = strrchr(path, '/');
    struct span name = span_text(slash == NULL ? path : slash + 1);
    struct limits limits = {0};
    struct strbuf why = {0};
    struct config config = {0};
    bool is_limits = span_has_suffix(name, SPAN("overrides"));
    bool is_settings = span_is(name, SPAN("emergency-settings"));
    if (is_limits && access(path, F_OK) != 0)
        strbuf_why(&why, "%s: %s", path, strerror(errno));
    else if (is_limits)
        limit_read_overrides(&limits, path, &why);
    if (is_settings)
        config_read_shell(&config, path, "emergency");
    diag_error_lines(strbuf_text(&why));
    for (size_t i = 0; i < config.problems.len; i++)
        diag_error("%s", config.problems.at[i]);
    if ((is_limits || is_settings) && !diag_trouble())
        printf("%s: OK\n", path);
    config_clear(&config);
    limit_clear(&limits);
    strbuf_clear(&why);
    return is_limits || is_settings;
}

static int run(void *settings, const struct run *run)
{
    struct config config = {0};
    (void)settings;
    if (run->argc > 1) {
        diag_error("\"%s\": only one file can be checked", run->argv[1]);
        return APPLET_TROUBLE;
    }
    if (run->argc == 1 && check_old_file(run->argv[0]))
        return 0;
    front_read_config(run, &config);
    for (size_t i = 0; i < config.entries.len; i++) {
        const struct config_entry *entry = &config.entries.at[i];
        if (is_in(entry, "limits"))
            check_limit(&config, entry);
        else if (is_in(entry, "allow") && strcmp(entry->key, "addresses") == 0)
            check_addresses(&config, entry);
    }
    check_formats(&config);
    if (config.problems.len == 0 && !diag_trouble())
        postlog_check_config(&config, run);
    if (!diag_trouble())
        front_tell_config(&config);
    config_clear(&config);
    return 0;
}

static const struct applet_example examples[] = {
    {"spamgear check-config", "Check /etc/spamgear."},
    {"spamgear check-config new.conf", "Check one file before it is put in place."},
    {NULL, NULL}};

static const struct applet_status statuses[] = {
    {0, "The config is right."}, {2, "It is not; every problem is told."}, {0, NULL}};

const struct applet check_config_applet = {
    .name = "check-config",
    .summary = "Check the config files and tell every problem",
    .operands = "[FILE]",
    .description =
        "Reads the config as every applet would, and FILE alone when it is given. Each problem is "
        "told with its file and line: lines that cannot be read, sections and keys that nothing "
        "knows, values that their option refuses, files that others may write. When all of that "
        "is right, what the daemon would refuse: the sources of [watch], the database and the "
        "query of [store]. The old tools' files are known by their names: NAME.overrides, and "
        "emergency-settings, which is read and never run as shell.",
    .examples = examples,
    .statuses = statuses,
    .flags = APPLET_TOOL | APPLET_NO_CONFIG,
    .run = run,
};
