/* config_fuzz - any bytes as a config text, then what becomes of them as settings.
 *
 * What must hold: every entry has a section, a key and a value without stray ends of line;
 * entries stand in file order; a value that is one plain word is that word; a text that is
 * read twice gives the same; each problem names its line; and an option never ends up
 * outside its bounds, whatever the entry says.
 */
#include "spamgear/cli/config.h"
#include "spamgear/cli/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct own {
    uint64_t limit;
    struct period period;
    struct texts logs;
    struct memo nis;
    char *name;
    int format;
    bool all;
};

static const char *const formats[] = {"text", "json", NULL};

static const struct option rows[] = {
    OPTION_COUNT(struct own, limit, "l", 0, "N", "90", 10, 1000, "."),
    OPTION_PERIOD(struct own, period, "p", 0, "PERIOD", "1hour", "."),
    OPTION_LIST(struct own, logs, "logs", 0, "FILE", "."),
    OPTION_MEMO(struct own, nis, "n", 0, "MASTER", "."),
    OPTION_TEXT(struct own, name, "name", 0, "NAME", NULL, "."),
    OPTION_CHOICE(struct own, format, "f", 0, "FORMAT", "text", formats, "."),
    OPTION_FLAG(struct own, all, "a", 0, "."),
    OPTION_END};

static const struct option *const tables[] = {rows, NULL};
static const struct applet applet = {
    .name = "x", .options = tables, .settings_size = sizeof(struct own)};
static const struct applet *const applets[] = {&applet};

static void need(bool ok)
{
    if (!ok)
        abort();
}

static void check_entries(const struct config *config)
{
    unsigned before = 0;
    for (size_t i = 0; i < config->entries.len; i++) {
        const struct config_entry *e = &config->entries.at[i];
        need(e->section[0] != '\0' || config->problems.len > 0);
        need(e->key[0] != '\0' && strpbrk(e->key, "=\n") == NULL);
        need(e->line > before);
        before = e->line;
        need(e->words.len != 1 || strcmp(e->words.at[0], e->value) == 0 ||
             strpbrk(e->value, "\"'") != NULL || strchr(e->value, '\n') != NULL ||
             e->words.at[0][0] == '\0');
        need(config_find(config, e->section, e->key) >= e);
    }
    for (size_t i = 0; i < config->problems.len; i++)
        need(strncmp(config->problems.at[i], "f:", 2) == 0);
}

static void check_settings(const struct config *config)
{
    const struct applet_list list = {applets, 1};
    struct settings settings;
    struct texts problems = {0};
    settings_init(&settings, &applet, &problems);
    settings_apply(&settings, config, &list, &problems);
    const struct own *own = settings.own;
    need(own->limit >= 10 && own->limit <= 1000);
    need(own->period.seconds > 0 && own->period.text != NULL);
    need(own->format == 0 || own->format == 1);
    settings_check_names(config, &list, &problems);
    texts_clear(&problems);
    settings_clear(&settings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config config = {0}, again = {0};
    const struct span text = {(const char *)data, size};
    config_read_text(&config, "f", text);
    config_read_text(&again, "f", text);
    need(config.entries.len == again.entries.len && config.problems.len == again.problems.len);
    check_entries(&config);
    check_settings(&config);
    config_clear(&config);
    config_clear(&again);
    return 0;
}
