/* journal_follow - the systemd journal from a cursor on, as it grows.
 *
 * The lines are those of source.h (their first letter says who vouches). libsystemd maps the
 * journal's files and ends the process at some damaged ones, so it is asked in a child process,
 * which is started again, from the last cursor, when it dies; where it dies again and again at one
 * place, that is passed over and told. Ask at least once a second: a death wakes nobody.
 */
#ifndef SPAMGEAR_LOG_JOURNAL_FOLLOW_H
#define SPAMGEAR_LOG_JOURNAL_FOLLOW_H

#include "spamgear/base/strbuf.h"
#include "spamgear/log/source.h"

struct journal_follow;

/* cursor: NULL: from request->since on (until is ignored). What the request points to is borrowed
 * until close. Waits until the journal is open: NULL with why when it cannot be read. */
struct journal_follow *journal_follow_open(const struct journal_request *request,
                                           const char *cursor, struct strbuf *why);
void journal_follow_close(struct journal_follow *follow); /* NULL is fine */

/* As follow_next: 1: whole lines, and the cursor behind them; both borrowed until the next call.
 * 0: nothing for now; -1 with why. Never waits. */
int journal_follow_next(struct journal_follow *follow, struct span *lines, struct span *cursor,
                        struct strbuf *why);
int journal_follow_fd(const struct journal_follow *follow); /* readable: there is something */
/* Does nobody read it now? It is tried again. */
bool journal_follow_is_failing(const struct journal_follow *follow);
/* Is there more than was given so far, or may there be? Not when nobody can tell now. */
bool journal_follow_is_behind(const struct journal_follow *follow);

#endif
