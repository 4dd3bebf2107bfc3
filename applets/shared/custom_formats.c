/* custom_formats - sections into settings, settings into formats. */
#include "custom_formats.h"

#include "spamgear/base/diag.h"
#include "spamgear/base/text.h"
#include "spamgear/log/format_custom.h"

#define SECTION "format "

/* The name behind "format "; NULL for other sections. */
static const char *name_of(const struct config_entry *entry)
{
    size_t len = sizeof SECTION - 1;
    return strncmp(entry->section, SECTION, len) == 0 ? entry->section + len : NULL;
}

static bool is_first(const struct config *config, size_t number)
{
    for (size_t i = 0; i < number; i++)
        if (strcmp(config->entries.at[i].section, config->entries.at[number].section) == 0)
            return false;
    return true;
}

/* All entries of the section whose first one is `number`: a section may be opened again. */
static int read_section(struct custom_formats *formats, const struct config *config, size_t number)
{
    const struct config_entry *first = &config->entries.at[number];
    struct format_custom_settings settings = {0};
    struct strbuf why = {0};
    int result = 0;
    for (size_t i = number; i < config->entries.len; i++) {
        const struct config_entry *entry = &config->entries.at[i];
        if (strcmp(entry->section, first->section) != 0 ||
            format_custom_set(&settings, entry->key, entry->value, &why) == 0)
            continue;
        diag_error("%s:%u: [%s]: %s", entry->file, entry->line, entry->section, strbuf_text(&why));
        result = -1;
    }
    const struct log_format *format = format_custom(name_of(first), &settings, &why);
    if (format != NULL)
        *vec_add(&formats->list) = (struct custom_format){format, first};
    else
        diag_error("%s:%u: [%s]: %s", first->file, first->line, first->section, strbuf_text(&why));
    strbuf_clear(&why);
    return format != NULL ? result : -1;
}

int custom_formats_read(struct custom_formats *formats, const struct config *config)
{
    int result = 0;
    for (size_t i = 0; i < config->entries.len; i++)
        if (name_of(&config->entries.at[i]) != NULL && is_first(config, i))
            result |= read_section(formats, config, i);
    return result;
}

static void tell_unknown(const struct custom_formats *formats, const char *name)
{
    struct text_near near = {.typed = name};
    size_t len;
    const struct log_format *const *built_in = format_all(&len);
    for (size_t i = 0; i < formats->list.len; i++)
        text_near_try(&near, formats->list.at[i].format->name);
    for (size_t i = 0; i < len; i++)
        text_near_try(&near, built_in[i]->name);
    if (near.best != NULL)
        diag_error("no log format \"%s\"; did you mean %s?", name, near.best);
    else
        diag_error("no log format \"%s\"; `spamgear log-format list` shows them", name);
}

const struct log_format *custom_formats_find(const struct custom_formats *formats, const char *name)
{
    const struct log_format *format = format_find(name);
    for (size_t i = 0; i < formats->list.len && format == NULL; i++)
        if (strcmp(formats->list.at[i].format->name, name) == 0)
            format = formats->list.at[i].format;
    if (format == NULL)
        tell_unknown(formats, name);
    return format;
}

void custom_formats_clear(struct custom_formats *formats)
{
    for (size_t i = 0; i < formats->list.len; i++)
        format_custom_free(formats->list.at[i].format);
    vec_clear(&formats->list);
}
