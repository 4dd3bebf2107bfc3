/* postlog_log - what the daemon says: into a log of its own, and on standard error.
 *
 * Levels are those of syslog, 0 to 7. A line of the log reads as postlog-sa wrote it:
 * "2026/11/22 08:15:00 [I] ID: ...". The same sentence is said once a minute at most, and then how
 * often it came; what stands in a sentence may come from strangers and is escaped here.
 */
#ifndef SPAMGEAR_APPLETS_POSTLOG_LOG_H
#define SPAMGEAR_APPLETS_POSTLOG_LOG_H

#include "spamgear/base/strbuf.h"
#include "spamgear/log/spam_event.h"
#include <stdbool.h>

enum postlog_level { SAY_ERROR = 3, SAY_WARNING, SAY_NOTICE, SAY_INFO, SAY_DEBUG };

struct postlog_log;

/* file may be NULL. level, console: what is more than this is not said; 0: nothing is. counts:
 * errors are the trouble of this run (its status). A file that cannot be opened is told, and tried
 * again. Never NULL. */
struct postlog_log *postlog_log_open(const char *file, int level, int console, bool counts);
bool postlog_log_close(struct postlog_log *log); /* were there errors that count, said or not? */

void postlog_say(struct postlog_log *log, enum postlog_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Several lines, each of them every time. */
void postlog_say_lines(struct postlog_log *log, enum postlog_level level, const char *lines);
/* "ID: .., at: .., from: .., IP: .., score: N": every time. */
void postlog_say_spam(struct postlog_log *log, const struct spam_event *event);
/* Writes what waits. */
void postlog_log_flush(struct postlog_log *log);

#endif
