/* fetch - one file from a URL, whole, bounded, or not at all.
 *
 * https and file; http only when that is asked for. Certificates and names are always checked. The
 * transfer runs in a child process, as another user when root asks for one: whoever owns the server
 * talks to that child only. A proxy is used as the environment says (https_proxy and so on).
 */
#ifndef SPAMGEAR_NET_FETCH_H
#define SPAMGEAR_NET_FETCH_H

#include "spamgear/base/strbuf.h"
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define FETCH_REDIRECTS 5
#define FETCH_URL_MAX   2000 /* bytes of a URL */

struct fetch_settings {
    bool insecure;       /* http too; nothing else is allowed by it */
    const char *ca_file; /* PEM file of the only authorities to trust; NULL: the system's */
    size_t bytes_max;    /* a body that is larger is a failure */
    uid_t uid;           /* what root's child becomes; 0 = stays */
    gid_t gid;
};

/* Is it a URL that fetch_url would fetch? 0, or -1 with why. Printable ASCII without blanks, no
 * user name or password in it. */
int fetch_check(const char *url, bool insecure, struct strbuf *why);

/* Appends the body. 0; or -1 with why: no connection, a certificate that is not good, any status
 * but 200, more than FETCH_REDIRECTS redirects, one from https to http, a body that is empty, cut
 * off or larger than bytes_max, more than 15 s to connect or 120 s in all. A file must be a regular
 * one. */
int fetch_url(const char *url, const struct fetch_settings *settings, struct strbuf *body,
              struct strbuf *why);

#endif
