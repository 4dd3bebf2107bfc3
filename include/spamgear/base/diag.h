/* diag - what is said on standard error.
 *
 * Applets speak here; core functions do not, they fill a `why`. Each line is
 * `NAME: message`, control bytes escaped. Trouble is remembered, so that a run
 * that went on in spite of it still ends with status 2.
 */
#ifndef SPAMGEAR_BASE_DIAG_H
#define SPAMGEAR_BASE_DIAG_H

#include <stdbool.h>

void diag_name(const char *name); /* of the applet; borrowed for ever */

/* Says it and remembers trouble. Thread-safe. */
void diag_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* diag_error for each line of a text, as functions write that tell several problems. */
void diag_error_lines(const char *lines);
/* Says it; no trouble. */
void diag_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Says it when diag_verbose(true) was called. */
void diag_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void diag_verbose(bool on);
bool diag_is_verbose(void);

bool diag_trouble(void);         /* was there a diag_error? */
unsigned diag_error_count(void); /* how many, so that a part of a run can tell its own */

/* Notes the errno of a write to stdout that failed: diag_flush_stdout tells it, of several the
 * first. 0 is none. */
void diag_output_failed(int error);

/* Flushes stdout; a failed write is trouble, a closed pipe is a quiet end.
 * Returns false when something could not be written. */
bool diag_flush_stdout(void);

#endif
