/* listing - postlog-sa's formula, turned round.
 *
 * 1 - e^(-v/divisor) > probability is v > -divisor * ln(1 - probability): nothing but a sum is
 * asked of a database then, which needs neither EXP nor POW for it. And since v only falls while no
 * spam comes in, the spams are walked from the newest one back: the one with which the sum is
 * exceeded says until when the name is listed, and older ones do not matter.
 */
#include "spamgear/store/listing.h"

#include "spamgear/base/mem.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DAY_S 86400

const char *listing_kind_name(enum listing_kind kind)
{
    static const char *const names[LISTING_KINDS] = {"client", "sender", "sasl"};
    return names[kind];
}

double listing_threshold(const struct listing_rule *rule)
{
    if (rule->probability >= 1)
        return HUGE_VAL;
    return rule->probability <= 0 ? 0 : -rule->divisor * log1p(-rule->probability);
}

static int newest_first(const void *a, const void *b)
{
    int64_t left = ((const struct listing_point *)a)->time;
    int64_t right = ((const struct listing_point *)b)->time;
    return left < right ? 1 : left > right ? -1 : 0;
}

/* A time that lies ahead is a wrong clock's, and must not list anybody for longer. */
static int64_t end_of(const struct listing_rule *rule, int64_t time, int64_t now)
{
    return (time < now ? time : now) + rule->days * DAY_S;
}

static int64_t walk(const struct listing_rule *rule, const struct listing_point *points, size_t len,
                    int64_t now)
{
    double threshold = listing_threshold(rule), sum = 0;
    for (size_t i = 0; i < len; i++) {
        int64_t end = end_of(rule, points[i].time, now);
        if (end <= now)
            return 0;
        sum += points[i].victims;
        if (sum > threshold)
            return end;
    }
    return 0;
}

int64_t listing_until(const struct listing_rule *rule, const struct listing_point *points,
                      size_t len, int64_t now)
{
    if (len == 0)
        return 0;
    struct listing_point *sorted = mem_alloc(len * sizeof *sorted);
    memcpy(sorted, points, len * sizeof *sorted);
    qsort(sorted, len, sizeof *sorted, newest_first);
    int64_t until = walk(rule, sorted, len, now);
    free(sorted);
    return until;
}
