/* mem - memory that is always there.
 *
 * A tool that runs from cron has nothing better to do without memory than to
 * say so and stop: these functions never return NULL. They print one line and
 * exit with status 2 when the system has no more.
 */
#ifndef SPAMGEAR_BASE_MEM_H
#define SPAMGEAR_BASE_MEM_H

#include <stddef.h>

/* All results: caller frees with free(). Size 0 gives a unique pointer. */
void *mem_alloc(size_t size);
void *mem_zero(size_t count, size_t size);
void *mem_resize(void *old, size_t size);
char *mem_text(const char *text);              /* a copy of a string; NULL gives NULL */
char *mem_text_of(const char *at, size_t len); /* a copy of bytes, NUL added */

/* The allocation policy of every container: *at grows so that `need` items of
 * `size` bytes fit; *cap is the new capacity. Overflow counts as no memory. */
void mem_grow(void **at, size_t *cap, size_t need, size_t size);

#endif
