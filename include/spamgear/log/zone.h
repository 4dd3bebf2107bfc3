/* zone - how far the clocks of a place are from UTC.
 *
 * libc answers, for the machine's zone and for the ones that PHP names in every
 * line. It knows one zone for the whole process, so all of local time goes through
 * here, behind one lock: localtime_r, mktime, tzset and the like are called nowhere
 * else. Everything may be called from any thread, as long as no other thread reads
 * or changes the environment meanwhile: a named zone is in TZ while it is asked for.
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
 * digits and "_+-/"). UTC, GMT and Z need no files. Recent answers are kept, by name
 * and local_s: who rounds local_s down to a quarter of an hour is answered fast. */
bool zone_named(struct span name, int64_t local_s, struct zone_offsets *offsets);

/* The machine's own offset at a moment (seconds since the epoch). */
int zone_offset_here(int64_t time);

/* The first second after that day here. Where summer time begins at midnight, the next
 * day begins at 01:00. The date must exist. */
int64_t zone_day_end(int year, int month, int day);

#endif
