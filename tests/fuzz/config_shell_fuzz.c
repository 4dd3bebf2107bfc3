/* config_shell_fuzz - any bytes as an old settings file.
 *
 * What must hold: names are those that sh allows, lines grow, a value holds no NUL, and a $
 * or a backtick gets into a value only from single quotes or from behind a backslash.
 */
#include "spamgear/cli/config.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool ok)
{
    if (!ok)
        abort();
}

static bool is_name(const char *name)
{
    if (!isalpha((unsigned char)*name) && *name != '_')
        return false;
    while (isalnum((unsigned char)*name) || *name == '_')
        name++;
    return *name == '\0';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config config = {0};
    unsigned before = 1;
    bool may_hold_dollar = memchr(data, '\'', size) != NULL || memchr(data, '\\', size) != NULL;
    config_read_shell_text(&config, "f", (struct span){(const char *)data, size}, "s");
    for (size_t i = 0; i < config.entries.len; i++) {
        const struct config_entry *e = &config.entries.at[i];
        need(is_name(e->key) && strcmp(e->section, "s") == 0);
        need(e->line >= before);
        before = e->line;
        need(e->words.len == 1 && strcmp(e->words.at[0], e->value) == 0);
        need(may_hold_dollar || strpbrk(e->value, "$`") == NULL);
    }
    for (size_t i = 0; i < config.problems.len; i++)
        need(strncmp(config.problems.at[i], "f:", 2) == 0);
    config_clear(&config);
    return 0;
}
