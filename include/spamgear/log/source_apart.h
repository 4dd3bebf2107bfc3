/* source_apart - a source that is read in a process of its own.
 *
 * For libraries that may die on damaged input (libsystemd ends the process at a failed
 * assertion, and maps files that others may truncate): then only that process is lost,
 * the source ends with an error, and whatever else was asked for is still done.
 */
#ifndef SPAMGEAR_LOG_SOURCE_APART_H
#define SPAMGEAR_LOG_SOURCE_APART_H

#include "spamgear/log/source.h"

typedef struct source *source_apart_opener(const void *request, struct strbuf *why);

/* Calls open(request) in a child process, whose bytes this STREAM gives; the caller may
 * change the kind. name is copied. Waits until it is open: NULL with why when it cannot be
 * opened. To be called before there are threads. */
struct source *source_apart_open(source_apart_opener *open, const void *request, const char *name,
                                 struct strbuf *why);

#endif
