/* section - settings of a section that several applets read. */
#include "spamgear/cli/section.h"

#include "spamgear/cli/settings.h"

void section_read(struct section_values *values, const struct section *section,
                  const struct config *config, struct texts *problems)
{
    struct strbuf why = {0};
    *values = (struct section_values){.own = mem_zero(1, section->settings_size)};
    option_set_add(&values->set, section->options, values->own, problems);
    for (size_t i = 0; i < config->entries.len; i++) {
        const struct config_entry *entry = &config->entries.at[i];
        struct option_slot *slot = strcmp(entry->section, section->name) != 0
                                       ? NULL
                                       : option_find(&values->set, span_text(entry->key));
        if (slot != NULL && settings_is_key(slot->row) &&
            settings_store(slot, entry, OPTION_LEVEL_APPLET, &why) != 0)
            texts_format(problems, "%s:%u: %s: %s", entry->file, entry->line, entry->key,
                         strbuf_text(&why));
    }
    strbuf_clear(&why);
}

void section_clear(struct section_values *values)
{
    option_set_clear(&values->set);
    free(values->own);
    values->own = NULL;
}
