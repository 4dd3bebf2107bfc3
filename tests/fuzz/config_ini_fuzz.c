/* config_ini - any bytes as a file of postlog-sa. Keys and sections are not empty, lines grow, no
 * value holds a NUL, and what is read twice is the same. */
#include "fuzz.h"

#include "spamgear/cli/config.h"

static void check(const struct config *config)
{
    unsigned before = 0;
    for (size_t i = 0; i < config->entries.len; i++) {
        const struct config_entry *e = &config->entries.at[i];
        hold(*e->key != '\0' && *e->section != '\0' && e->line > before);
        hold(e->words.len == 1 && strcmp(e->words.at[0], e->value) == 0);
        before = e->line;
    }
    for (size_t i = 0; i < config->problems.len; i++)
        hold(strncmp(config->problems.at[i], "f:", 2) == 0);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    struct config one = {0}, two = {0};
    config_read_ini_text(&one, "f", (struct span){(const char *)data, size});
    config_read_ini_text(&two, "f", (struct span){(const char *)data, size});
    check(&one);
    hold(one.entries.len == two.entries.len && one.problems.len == two.problems.len);
    for (size_t i = 0; i < one.entries.len; i++)
        hold(strcmp(one.entries.at[i].value, two.entries.at[i].value) == 0);
    config_clear(&one);
    config_clear(&two);
    return 0;
}
