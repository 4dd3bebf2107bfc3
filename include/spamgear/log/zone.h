/* zone - how far the clocks of a place are from UTC.
 *
 * libc knows one time zone for the whole process, and changing it is not safe
 * while other threads run; PHP names a zone in every line. So named zones are
 * read from the system's time zone files here (RFC 8536), and only the
 * machine's own zone is asked of libc. Everything may be called from any thread.
 */
#ifndef SPAMGEAR_LOG_ZONE_H
#define SPAMGEAR_LOG_ZONE_H

#include "spamgear/base/span.h"
#include <stdbool.h>
#include <stdint.h>

/* What local clocks may have meant, in seconds east of UTC. The two differ only
 * in an hour that occurs twice when summer time ends: `first` is summer time then.
 * For an hour that is left out both are the offset before the change. */
struct zone_offsets {
    int first_s, second_s;
};

/* local_s: what the clocks showed, as seconds from 1970-01-01 00:00 on those clocks. */
struct zone_offsets zone_here(int64_t local_s);

/* The same for a name of the tz database. False when there is no such zone or
 * the name is not one that could be ("..", a leading "/", other bytes than letters,
 * digits and "_+-/"). UTC, GMT and Z need no files. */
bool zone_named(struct span name, int64_t local_s, struct zone_offsets *offsets);

/* The machine's own offset at a moment (seconds since the epoch). */
int zone_offset_here(int64_t time);

/* A zone as a file describes it, for those who have the bytes: NULL when they are
 * no such file. Copied; caller frees with zone_free. */
struct zone *zone_parse(struct span file);
struct zone_offsets zone_offsets_at(const struct zone *zone, int64_t local_s);
void zone_free(struct zone *zone); /* NULL is fine */

#endif
