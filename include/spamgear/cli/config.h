/* config - the one loader of configuration.
 *
 * INI: [section], key = value, '#' and ';' comments (at line start, or after a blank in an
 * unquoted value), "double" (with \" \\ \n \t) and 'single' quotes, a line that begins with a
 * blank continues the value above it, `include = FILE|GLOB` anywhere. Every problem is
 * remembered with file:line, so that all can be told at once.
 *
 * A value that begins with a quote must end with it (or go on with further words, for a
 * list); any other value is taken as it stands, so that a pattern may hold quotes. An
 * included file begins in the section that includes it; a name without a leading / is
 * looked for beside the file that includes it. A section is written [name] or [kind NAME].
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
    char *section, *key;
    char *value;        /* quotes removed; lines of a continued value parted by \n */
    struct texts words; /* the value for a list: its words, each of which may be quoted */
    const char *file;   /* owned by the config */
    unsigned line;
};

struct config {
    VEC(struct config_entry) entries; /* in file order */
    struct texts files;               /* that were read */
    struct texts problems;            /* "file:line: what" */
};

#define CONFIG_SIZE_MAX  (1 << 20) /* bytes of one file */
#define CONFIG_DEPTH_MAX 8         /* includes within includes */
#define CONFIG_FILES_MAX 1000      /* files in all */

#ifndef SPAMGEAR_CONFIG_DIR
#define SPAMGEAR_CONFIG_DIR "/etc/spamgear"
#endif

/* Reads one file with its includes; problems are added. A file that others may write
 * (group or world writable, or owned by neither root nor us) is refused when root runs. */
void config_read(struct config *config, const char *path);

/* The one file that is read: explicit_path, or what SPAMGEAR_CONFIG names (not when the kernel
 * raised our privileges). NULL: the standard places are, and with them the old overrides. */
const char *config_named(const char *explicit_path);

/* Reads explicit_path alone, or the file that SPAMGEAR_CONFIG names (not when the kernel
 * raised our privileges), or the standard places, which need not exist. */
void config_load(struct config *config, const char *explicit_path);
/* The same, whatever the environment says: for programs that strangers call. */
void config_load_installed(struct config *config);

/* Shell-like settings of the old tools (emergency-settings): K=v, K='v', K="v", `export`,
 * # comments; parsed, never run: $(..), backticks and ${..} are problems. Entries go into
 * `section`. */
void config_read_shell(struct config *config, const char *path, const char *section);

/* INI files of postlog-sa (config_ini.c tells the dialect). */
void config_read_ini(struct config *config, const char *path);
void config_read_ini_text(struct config *config, const char *name, struct span text);

/* Reads one text as if it were a file called name, without includes: for tests and for
 * callers that hold the bytes. */
void config_read_text(struct config *config, const char *name, struct span text);
void config_read_shell_text(struct config *config, const char *name, struct span text,
                            const char *section);

/* The last entry of a key; NULL when there is none. */
const struct config_entry *config_find(const struct config *config, const char *section,
                                       const char *key);

void config_clear(struct config *config);

/* What readers of other forms need. config_add takes value and words over (they are empty
 * then); file must come from config_add_file, and line 0 means the file as a whole. */
void config_problem(struct config *config, const char *file, unsigned line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
const char *config_add_file(struct config *config, const char *name);
void config_add(struct config *config, const char *file, unsigned line, const char *section,
                struct span key, struct strbuf *value, struct texts *words);

/* The bytes of a configuration file that config_check_owner trusts, and its stat. 0; -1
 * with why, errno is ENOENT then when there is no such file. */
struct stat;
int config_open(const char *path, struct strbuf *text, struct stat *st, struct strbuf *why);

/* 0 when the open file fd may be trusted as configuration by the user who runs us
 * (regular file; when root runs: owned by root, not writable by group or others), else -1
 * with why. Secrets must in addition not be readable by others (secret = 1). */
int config_check_owner(int fd, const char *path, int secret, struct strbuf *why);

#endif
