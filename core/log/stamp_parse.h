/* stamp_parse - for stamp.c only: where in a line the parts of its stamp stand. */
#ifndef SPAMGEAR_LOG_STAMP_PARSE_H
#define SPAMGEAR_LOG_STAMP_PARSE_H

#include "spamgear/log/stamp.h"

struct stamp_places {
    int times;          /* 2 for docker's and the program's own: the places are the last one's */
    const char *second; /* two digits */
    const char *tail;   /* behind seconds and fraction */
};

/* stamp_parse(), and *places when it found a stamp. */
size_t stamp_scan(struct span line, struct stamp *stamp, struct stamp_places *places);

#endif
