/* policy_service - the policy on its sockets: requests in, answers out, open cases kept up to date.
 *
 * The cases are read again when their database has changed. When it cannot be read the last known
 * ones count for some seconds; then nobody has a case, and it is told.
 */
#ifndef SPAMGEAR_CHECK_POLICY_SERVICE_H
#define SPAMGEAR_CHECK_POLICY_SERVICE_H

#include "spamgear/base/loop.h"
#include "spamgear/base/vec.h"
#include "spamgear/check/policy.h"

struct policy_service_settings {
    struct policy_settings policy; /* what it points at is borrowed, and so is the rest */
    const struct texts *places;    /* see net/serve.h; all of them have the same answers */
    unsigned mode;                 /* of socket files; 0: 0660 */
    const char *group;             /* of socket files; NULL: as it comes */
    const char *state;             /* folder of the cases; NULL: there are none */
    int64_t past_s;                /* so far back counts matter, and so do cases that were closed */
    int64_t refresh_ms;            /* of the cases; 0: 3 seconds */
};

struct policy_service;

/* Listens. watches: as for policy_new. NULL with why. */
struct policy_service *policy_service_open(struct loop *loop,
                                           const struct policy_service_settings *settings,
                                           struct watch *const *watches, struct strbuf *why);
void policy_service_close(struct policy_service *service);

struct policy *policy_service_policy(struct policy_service *service);
unsigned policy_service_clients(const struct policy_service *service);

/* The families spamgear_policy_*, in Prometheus' format. Appends. */
void policy_service_metrics(const struct policy_service *service, struct strbuf *out);

#endif
