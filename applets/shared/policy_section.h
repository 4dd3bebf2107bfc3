/* policy_section - section [policy]: what mail servers are told about senders, and where they ask.
 *
 * Not an applet: the daemon includes it.
 */
#ifndef SPAMGEAR_APPLETS_POLICY_SECTION_H
#define SPAMGEAR_APPLETS_POLICY_SECTION_H

#include "spamgear/base/addr.h"
#include "spamgear/check/policy_service.h"
#include "spamgear/cli/applet.h"

extern const struct section policy_section;

struct policy_config {
    struct section_values values;
    struct limits overrides;
    struct {
        struct prefix *at;
        size_t len, cap;
    } own;
    bool listens; /* there is something to serve */
    /* Whole but for policy.state, policy.tell and state; borrowed from the above. */
    struct policy_service_settings service;
};

/* Reads [policy] and [limits]; problems are added, and what is there can be cleared all the same.
 * own stays where it is until policy_config_clear. */
void policy_config_read(struct policy_config *own, const struct run *run, struct texts *problems);
void policy_config_clear(struct policy_config *own);

#endif
