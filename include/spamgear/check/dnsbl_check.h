/* dnsbl_check - are these addresses, hosts and domains on DNS blocklists, and is that bad?
 *
 * A listing is certain. When too many lists gave no answer, or a subject could not be looked up,
 * the status is UNKNOWN, not OK.
 */
#ifndef SPAMGEAR_CHECK_DNSBL_CHECK_H
#define SPAMGEAR_CHECK_DNSBL_CHECK_H

#include "spamgear/net/dnsbl.h"
#include "spamgear/report/nagios.h"

/* "20" lists, or "20%" of them. */
struct dnsbl_most {
    unsigned long long number;
    bool percent;
};

bool dnsbl_most_parse(const char *text, struct dnsbl_most *most);

/* What the lists said of one subject. */
struct dnsbl_tally {
    enum nagios status;
    unsigned asked, answered, listings;
    const char *reason; /* the longest, as the original chose; borrowed, NULL when there is none */
};

struct dnsbl_check {
    /* By the caller. */
    struct dnsbl_zones zones;
    uint64_t warning, critical;       /* from this many listings on */
    struct dnsbl_most max_unanswered; /* UNKNOWN when more lists than this gave no answer */
    const char *resolvers;            /* NULL: the system's; borrowed */
    int64_t start, timeout_ms;        /* all is answered within timeout_ms from start, a time of
                                         clock_steady_ms() */
    bool domain;                      /* subjects are domains, which are not resolved */
    /* Filled. */
    struct dnsbl_query query;
    VEC(struct dnsbl_tally) tallies; /* by number of the subject */
    struct texts problems;           /* of subjects, one line each; the caller may add some */
};

/* Resolves the hosts among the subjects, asks the lists, and judges what they say. Once a check. */
void dnsbl_check_run(struct dnsbl_check *check, int count, char **subjects);

/* The worst of all subjects. */
enum nagios dnsbl_check_status(const struct dnsbl_check *check);

void dnsbl_check_clear(struct dnsbl_check *check);

/* Does it count that this list gave an answer or none? */
bool dnsbl_check_counts(const struct dnsbl_answer *answer);

#endif
