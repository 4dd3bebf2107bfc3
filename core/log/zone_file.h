/* zone_file - for zone.c only: the offset that a time zone file gives a moment. */
#ifndef SPAMGEAR_LOG_ZONE_FILE_H
#define SPAMGEAR_LOG_ZONE_FILE_H

#include "spamgear/log/zone.h"

/* Seconds east of UTC at a moment in seconds since the epoch. */
int zone_file_offset(const struct zone *zone, int64_t time);

#endif
