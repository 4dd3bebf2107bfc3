/* settings - defaults, config entries and the table of sections. */
#include "spamgear/cli/settings.h"

#include "spamgear/base/clock.h"
#include "spamgear/base/text.h"
#include "spamgear/cli/section.h"

/* ---- the common options ---- */

static bool (*parse_time)(const char *text, int64_t now, int64_t *time);

void applet_read_times_with(bool (*parse)(const char *text, int64_t now, int64_t *time))
{
    parse_time = parse;
}

static int read_now(const char *value, void *field, struct strbuf *why)
{
    unsigned long long seconds;
    int64_t *time = field;
    if (parse_time != NULL && parse_time(value, clock_now(), time))
        return 0;
    if (value[0] != '@' || !span_number(span_text(value + 1), &seconds) || seconds > INT64_MAX)
        return strbuf_why(why, "\"%s\" is not a time", value);
    *time = (int64_t)seconds;
    return 0;
}

static const struct option common_rows[] = {
    OPTION_TEXT(struct common, config, "config", 0, "FILE", NULL,
                "Read this file instead of " SPAMGEAR_CONFIG_DIR "/spamgear.conf and conf.d.",
                .flags = OPTION_NO_CONFIG),
    OPTION_FLAG(struct common, verbose, "verbose", 'v', "Tell on standard error what is done."),
    OPTION_TIME(
        struct common, now, "now", 0, "TIME",
        "Take this for the present time, to replay an old log: @SECONDS, or a date and time.",
        read_now, .flags = OPTION_NO_CONFIG | OPTION_RARE),
    OPTION_FLAG(struct common, help, "help", 'h', "Show this help.", .flags = OPTION_NO_CONFIG),
    OPTION_FLAG(struct common, version, "version", 0, "Show the version and the libraries found.",
                .flags = OPTION_NO_CONFIG | OPTION_RARE),
    OPTION_END};

static const struct option *const common_tables[] = {common_rows, NULL};

const struct option *const *settings_common_tables(void)
{
    return common_tables;
}

void settings_init(struct settings *settings, const struct applet *applet, struct texts *problems)
{
    *settings = (struct settings){.applet = applet};
    settings->own = mem_zero(1, applet->settings_size);
    option_set_add(&settings->set, applet->options, settings->own, problems);
    if (!(applet->flags & APPLET_NO_COMMON))
        option_set_add(&settings->set, common_tables, &settings->common, problems);
}

void settings_clear(struct settings *settings)
{
    option_set_clear(&settings->set);
    free(settings->own);
    settings->own = NULL;
}

bool settings_is_key(const struct option *row)
{
    return !(row->flags & OPTION_NO_CONFIG);
}

/* ---- values ---- */

/* The level that a section has for an applet; OPTION_LEVEL_NONE when it is not about it. */
static enum option_level level_of(const struct applet *applet, const char *section)
{
    const struct applet_list alone = {&applet, 1};
    if (strcmp(section, "spamgear") == 0)
        return OPTION_LEVEL_COMMON;
    return applet_find(&alone, section, NULL) != NULL ? OPTION_LEVEL_APPLET : OPTION_LEVEL_NONE;
}

/* Each word of a list is an item. */
static int store_words(struct option_slot *slot, const struct texts *words, enum option_level level,
                       struct strbuf *why)
{
    for (size_t i = 0; i < words->len; i++)
        if (option_store(slot, words->at[i], level, why) != 0)
            return -1;
    return 0;
}

int settings_store(struct option_slot *slot, const struct config_entry *entry,
                   enum option_level level, struct strbuf *why)
{
    if (slot->row->kind == OPTION_KIND_LIST)
        return store_words(slot, &entry->words, level, why);
    if (slot->row->kind != OPTION_KIND_MEMO)
        return option_store(slot, entry->value, level, why);
    int yes = option_yes_no(entry->value); /* an option that may stand without a value */
    if (yes == 0)
        return option_unset(slot, level);
    return option_store(slot, yes == 1 ? NULL : entry->value, level, why);
}

/* Does any applet take the value? */
static bool is_taken(const struct config_entry *entry, const struct applet_list *list)
{
    bool taken = false;
    for (size_t i = 0; i < list->len && !taken; i++) {
        struct settings settings;
        struct texts ignored = {0};
        settings_init(&settings, list->at[i], &ignored);
        struct option_slot *slot = option_find(&settings.set, span_text(entry->key));
        taken = slot != NULL && settings_is_key(slot->row) &&
                settings_store(slot, entry, OPTION_LEVEL_NONE, NULL) == 0;
        texts_clear(&ignored);
        settings_clear(&settings);
    }
    return taken;
}

/* `format = metrics` in [spamgear] is for the applets that have such a format; others keep
 * their default. */
static bool is_for_others(const struct option_slot *slot, const struct config_entry *entry,
                          enum option_level level, const struct applet_list *list)
{
    return level == OPTION_LEVEL_COMMON && slot->row->kind == OPTION_KIND_CHOICE &&
           is_taken(entry, list);
}

void settings_apply(struct settings *settings, const struct config *config,
                    const struct applet_list *list, struct texts *problems)
{
    struct strbuf why = {0};
    for (size_t i = 0; i < config->entries.len; i++) {
        const struct config_entry *entry = &config->entries.at[i];
        enum option_level level = level_of(settings->applet, entry->section);
        struct option_slot *slot =
            level == OPTION_LEVEL_NONE ? NULL : option_find(&settings->set, span_text(entry->key));
        if (slot == NULL || !settings_is_key(slot->row))
            continue;
        if (settings_store(slot, entry, level, &why) != 0 &&
            !is_for_others(slot, entry, level, list))
            texts_format(problems, "%s:%u: %s: %s", entry->file, entry->line, entry->key,
                         strbuf_text(&why));
    }
    strbuf_clear(&why);
}

/* Sections of several applets, and [spamgear], would be told once for each of them. */
static void add_new(struct texts *problems, struct texts *found)
{
    for (size_t i = 0; i < found->len; i++)
        if (!texts_has(problems, found->at[i]))
            texts_add(problems, found->at[i]);
    texts_clear(found);
}

static void check_section_values(const struct applet *applet, const struct config *config,
                                 struct texts *problems)
{
    for (size_t i = 0; applet->sections != NULL && applet->sections[i] != NULL; i++) {
        struct section_values values;
        struct texts found = {0};
        section_read(&values, applet->sections[i], config, &found);
        section_clear(&values);
        add_new(problems, &found);
    }
}

void settings_check_values(const struct config *config, const struct applet_list *list,
                           struct texts *problems)
{
    for (size_t i = 0; i < list->len; i++) {
        struct settings settings;
        struct texts found = {0};
        settings_init(&settings, list->at[i], &found);
        settings_apply(&settings, config, list, &found);
        settings_clear(&settings);
        add_new(problems, &found);
        check_section_values(list->at[i], config, problems);
    }
}

/* ---- names ---- */

static const char *const allow_keys[] = {"addresses", NULL};
static const char *const format_keys[] = {"pattern", "literal", "tag", "kind", "summary", NULL};

/* Sections that are not about the options of an applet. A new one is a row here. */
static const struct section_rule {
    const char *name;
    const char *shown;       /* as it is offered to who wrote it wrong */
    const char *const *keys; /* NULL = any */
    /* May, or must, a name follow: [limits exim-spam-check], [format my relay]? */
    enum { NAME_APPLET, NAME_ANY } behind;
} section_rules[] = {
    {"allow", "allow", allow_keys, NAME_APPLET},
    {"format", "format NAME", format_keys, NAME_ANY},
    {"limits", "limits", NULL, NAME_APPLET},
};

#define SECTION_RULES (sizeof section_rules / sizeof *section_rules)

static bool fits_rule(const struct section_rule *rule, const char *section,
                      const struct applet_list *list)
{
    size_t len = strlen(rule->name);
    if (strncmp(section, rule->name, len) != 0)
        return false;
    if (section[len] == '\0')
        return rule->behind != NAME_ANY;
    if (section[len] != ' ')
        return false;
    return rule->behind == NAME_ANY || applet_find(list, section + len + 1, NULL) != NULL;
}

static const struct section_rule *find_rule(const char *section, const struct applet_list *list)
{
    for (size_t i = 0; i < SECTION_RULES; i++)
        if (fits_rule(&section_rules[i], section, list))
            return &section_rules[i];
    return NULL;
}

static void try_applet_names(struct text_near *near, const struct applet *applet)
{
    text_near_try(near, applet->name);
    for (size_t i = 0; applet->aliases != NULL && applet->aliases[i] != NULL; i++)
        text_near_try(near, applet->aliases[i]);
}

static const char *nearest_section(const char *typed, const struct applet_list *list)
{
    struct text_near near = {.typed = typed};
    text_near_try(&near, "spamgear");
    for (size_t i = 0; i < SECTION_RULES; i++) {
        if (strcmp(section_rules[i].name, typed) == 0) /* only the name behind it is missing */
            return section_rules[i].shown;
        text_near_try(&near, section_rules[i].shown);
    }
    for (size_t i = 0; i < list->len; i++) {
        try_applet_names(&near, list->at[i]);
        for (const struct section *const *s = list->at[i]->sections; s != NULL && *s != NULL; s++)
            text_near_try(&near, (*s)->name);
    }
    return near.best;
}

static void tell_unknown(struct texts *problems, const struct config_entry *entry, const char *kind,
                         const char *name, const char *near)
{
    if (near != NULL)
        texts_format(problems, "%s:%u: unknown %s %s; did you mean %s?", entry->file, entry->line,
                     kind, name, near);
    else
        texts_format(problems, "%s:%u: unknown %s %s", entry->file, entry->line, kind, name);
}

/* What is known about the key of an entry, gathered from one applet or from all. */
struct key_search {
    const char *key;
    bool known, command_line_only;
    struct text_near near;
};

static void search_row(struct key_search *search, const struct option *row)
{
    const char *name;
    for (size_t n = 0; (name = option_name(row, n)) != NULL; n++) {
        if (strcmp(name, search->key) != 0)
            continue;
        search->known |= settings_is_key(row);
        search->command_line_only |= !settings_is_key(row);
    }
    if (settings_is_key(row) && !(row->flags & OPTION_HIDDEN))
        text_near_try(&search->near, row->name);
}

static void search_tables(struct key_search *search, const struct option *const *table)
{
    for (; table != NULL && *table != NULL; table++)
        for (const struct option *row = *table; row->name != NULL; row++)
            search_row(search, row);
}

static void check_option_key(const struct config_entry *entry, const struct applet_list *list,
                             struct texts *problems)
{
    struct key_search search = {.key = entry->key, .near = {.typed = entry->key}};
    search_tables(&search, common_tables);
    for (size_t i = 0; i < list->len && !search.known; i++)
        search_tables(&search, list->at[i]->options);
    if (search.known)
        return;
    if (search.command_line_only)
        texts_format(problems, "%s:%u: %s: only on the command line", entry->file, entry->line,
                     entry->key);
    else
        tell_unknown(problems, entry, "key", entry->key, search.near.best);
}

static const struct section *find_section(const char *name, const struct applet_list *list)
{
    for (size_t i = 0; i < list->len; i++)
        for (const struct section *const *s = list->at[i]->sections; s != NULL && *s != NULL; s++)
            if (strcmp((*s)->name, name) == 0)
                return *s;
    return NULL;
}

static void check_section_key(const struct config_entry *entry, const struct section *section,
                              struct texts *problems)
{
    struct key_search search = {.key = entry->key, .near = {.typed = entry->key}};
    search_tables(&search, section->options);
    if (!search.known)
        tell_unknown(problems, entry, "key", entry->key, search.near.best);
}

static void check_listed_key(const struct config_entry *entry, const char *const *keys,
                             struct texts *problems)
{
    struct text_near near = {.typed = entry->key};
    for (; *keys != NULL; keys++) {
        if (strcmp(*keys, entry->key) == 0)
            return;
        text_near_try(&near, *keys);
    }
    tell_unknown(problems, entry, "key", entry->key, near.best);
}

static void check_entry(const struct config_entry *entry, const struct applet_list *list,
                        struct texts *unknown, struct texts *problems)
{
    const struct applet *applet = applet_find(list, entry->section, NULL);
    const struct section_rule *rule = find_rule(entry->section, list);
    const struct section *section = find_section(entry->section, list);
    if (strcmp(entry->section, "spamgear") == 0) {
        check_option_key(entry, list, problems);
    } else if (section != NULL) { /* an applet of the same name has no keys of its own */
        check_section_key(entry, section, problems);
    } else if (applet != NULL) {
        check_option_key(entry, &(struct applet_list){&applet, 1}, problems);
    } else if (rule != NULL && rule->keys != NULL) {
        check_listed_key(entry, rule->keys, problems);
    } else if (rule == NULL && !texts_has(unknown, entry->section)) {
        texts_add(unknown, entry->section); /* told once, not for each of its keys */
        tell_unknown(problems, entry, "section", entry->section,
                     nearest_section(entry->section, list));
    }
}

void settings_check_names(const struct config *config, const struct applet_list *list,
                          struct texts *problems)
{
    struct texts unknown = {0};
    for (size_t i = 0; i < config->entries.len; i++)
        check_entry(&config->entries.at[i], list, &unknown, problems);
    texts_clear(&unknown);
}

static int compare_texts(const void *a, const void *b)
{
    return strverscmp(*(char *const *)a, *(char *const *)b); /* line 10 stands behind line 9 */
}

void settings_sort(struct texts *problems)
{
    if (problems->len > 0)
        qsort(problems->at, problems->len, sizeof *problems->at, compare_texts);
}
