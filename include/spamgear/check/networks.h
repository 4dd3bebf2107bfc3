/* networks - the part of a report that is about addresses: how many, from how many
 * networks, how many without a name.
 */
#ifndef SPAMGEAR_CHECK_NETWORKS_H
#define SPAMGEAR_CHECK_NETWORKS_H

#include "spamgear/check/check.h"

/* Fills addresses, networks, unknown, unresolved, webmail and top of every sender in the
 * report, and report->networks. Libraries are loaded, and DNS is asked, only when there is
 * somebody to report. What could not be done goes to problems; a silent DNS to report->notes. */
void check_networks(const struct check *check, const struct tally *tally, struct report *report,
                    struct texts *problems);

#endif
