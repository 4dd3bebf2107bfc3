/* logs - which sources a check reads, opened, oldest first.
 *
 * Named logs and globs, or the first standard path that exists, or the journal. When the
 * window reaches back beyond a log's first line, its rotated predecessors join by themselves.
 */
#ifndef SPAMGEAR_CHECK_LOGS_H
#define SPAMGEAR_CHECK_LOGS_H

#include "spamgear/log/source.h"
#include "spamgear/log/window.h"

struct log_request {
    const struct texts *names;   /* what the user named: files, globs, "-"; may be empty */
    const char *const *standard; /* tried in order when nothing is named; NULL-terminated */
    const struct texts *trusted; /* globs of files that only the mail server writes; may be NULL */
    bool journal;                /* read the journal instead */
    const char *journal_dir, *journal_file;
    const char *const *identifiers; /* syslog tags (source.h); NULL = no journal for this format */
    const char *const *writers;
    const char *const *needles; /* of journal_request; NULL reads every entry */
    const struct window *window;
};

struct logs {
    /* Oldest first. Several may hold the same lines: a log that is copied before it is cut
     * (copytruncate), or one that was unpacked beside its packed self. */
    VEC(struct source *) sources;
};

/* Opens what can be opened. Each thing that cannot is added to problems ("PATH: why").
 * Returns 0 when there is at least one source. */
int logs_open(struct logs *logs, const struct log_request *request, struct texts *problems);
void logs_close(struct logs *logs);

/* The first of these names that can be read once only: a pipe, as a file or as standard input.
 * NULL: none. */
const char *logs_find_once(const struct texts *names);

#endif
