/* config - the one loader of configuration.
 *
 * INI: [section], key = value, '#' and ';' comments (at line start, or after a blank in an
 * unquoted value), "double" (with \" \\ \n \t) and 'single' quotes, a line that begins with a
 * blank continues the value above it, `include = FILE|GLOB` anywhere. Every problem is
 * remembered with file:line, so that all can be told at once.
 *
 * Order: /etc/spamgear/spamgear.conf, then /etc/spamgear/conf.d/ (*.conf, sorted); or, instead
 * of both, the file of --config or SPAMGEAR_CONFIG (and its includes). A key given again
 * overrides; a key of a list adds.
 */
#ifndef SPAMGEAR_CLI_CONFIG_H
#define SPAMGEAR_CLI_CONFIG_H

#include "spamgear/base/strbuf.h"
#include "spamgear/base/vec.h"

struct config_entry {
    char *section, *key, *value;
    const char *file; /* owned by the config */
    unsigned line;
};

struct config {
    VEC(struct config_entry) entries; /* in file order */
    struct texts files;               /* that were read */
    struct texts problems;            /* "file:line: what" */
};

/* Reads one file with its includes; problems are added. A file that others may write
 * (group or world writable, or owned by neither root nor us) is refused when root runs. */
void config_read(struct config *config, const char *path);

/* Reads the standard places, or explicit_path alone when it is not NULL. */
void config_load(struct config *config, const char *explicit_path);

/* Shell-like settings of the old tools (emergency-settings): K=v, K='v', K="v", `export`,
 * # comments; parsed, never run: $(..), backticks and ${..} are problems. Entries go into
 * `section`. */
void config_read_shell(struct config *config, const char *path, const char *section);

/* The last entry of a key; NULL when there is none. */
const struct config_entry *config_find(const struct config *config, const char *section,
                                       const char *key);

void config_clear(struct config *config);

/* 0 when the open file fd may be trusted as configuration by the user who runs us
 * (regular file; when root runs: owned by root, not writable by group or others), else -1
 * with why. Secrets must in addition not be readable by others (secret = 1). */
int config_check_owner(int fd, const char *path, int secret, struct strbuf *why);

#endif
