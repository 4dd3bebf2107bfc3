/* section - settings that several applets share, in a section of their own: [mail], [react].
 *
 * Declared by the same rows as an applet's options, and read only from the config. An applet that
 * uses a section names it in its declaration, so that check-config knows the keys, and the manual
 * and the sample configuration show them.
 */
#ifndef SPAMGEAR_CLI_SECTION_H
#define SPAMGEAR_CLI_SECTION_H

#include "spamgear/cli/config.h"
#include "spamgear/cli/option.h"

struct section {
    const char *name;                    /* "mail" */
    const char *summary;                 /* one line */
    const struct option *const *options; /* tables, NULL-terminated */
    size_t settings_size;
};

struct section_values {
    void *own; /* the section's settings struct */
    struct option_set set;
};

/* Defaults, then what the config says; problems are "file:line: key: what". Stays where it is until
 * section_clear. */
void section_read(struct section_values *values, const struct section *section,
                  const struct config *config, struct texts *problems);
void section_clear(struct section_values *values);

#endif
