/* other - `why` and `backtest` run a checker as its own configuration sets it up.
 *
 * The checker's settings come from the config; what was given to `why` or `backtest` itself goes
 * on top.
 */
#ifndef SPAMGEAR_APPLETS_OTHER_H
#define SPAMGEAR_APPLETS_OTHER_H

#include "logcheck.h"
#include "spamgear/cli/settings.h"

/* What the command line may set; nothing is set by default. */
struct other_given {
    struct period period;
    uint64_t limit; /* 0 = not given */
    struct texts logs, overrides;
    int64_t since, until;
    bool journal, full;
    char *journal_dir, *journal_file;
    int format, by;
    bool recipients; /* count them */
};

extern const struct option other_options[]; /* a struct other_given begins the settings */

struct other {
    struct settings settings; /* of the checker; must stay where it is */
    struct logcheck_settings *own;
    struct check check;
};

/* Sets up the check of a checker applet. 0, or -1 after diag_error. Caller closes either way. */
int other_open(struct other *other, const char *applet, const struct other_given *given,
               const struct run *run);
void other_close(struct other *other);

#endif
