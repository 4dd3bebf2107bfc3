/* listing - who is rejected, and until when: the formula, and the SQLite file that Postfix reads.
 *
 * postlog-sa's formula: with v the spam recipients of the last 20 days, 1 - e^(-v/20) > 0.1
 * rejects. v only falls while time passes, so a listing ends at a time that is known when it is
 * made, and the file changes only when spam comes in. Everything in it is settings.
 *
 * The file is a database of its own, STATE/postfix-map.db, readable to Postfix and without a
 * write-ahead log: whoever reads one needs to write beside it.
 *     access(kind TEXT, name TEXT, action TEXT, until INTEGER, PRIMARY KEY (kind, name))
 * kind is "client", "sender" or "sasl"; names are as Postfix asks for them (folded to lower case
 * where it folds).
 */
#ifndef SPAMGEAR_STORE_LISTING_H
#define SPAMGEAR_STORE_LISTING_H

#include "spamgear/base/strbuf.h"
#include <stdbool.h>
#include <stdint.h>

enum listing_kind { LISTING_CLIENT, LISTING_SENDER, LISTING_SASL, LISTING_KINDS };
const char *listing_kind_name(enum listing_kind kind);

struct listing_rule {
    bool on;            /* sender is off by default: anybody can forge it */
    int64_t days;       /* 20 */
    double divisor;     /* 20 */
    double probability; /* 0.1 */
    const char *action; /* "REJECT ...": the right-hand side of an access table */
};

struct listing_settings {
    struct listing_rule rules[LISTING_KINDS];
    const char *file; /* the map */
};

/* v must be greater than this to be listed: -divisor * ln(1 - probability). */
double listing_threshold(const struct listing_rule *rule);

struct listing_point {
    int64_t time;
    unsigned victims;
};
/* Until when a name with these points (any order) is listed, seen from now: 0: it is not. */
int64_t listing_until(const struct listing_rule *rule, const struct listing_point *points,
                      size_t len, int64_t now);

#endif
