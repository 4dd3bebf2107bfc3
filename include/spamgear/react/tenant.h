/* tenant - whose file is it, and where does he get his mail?
 *
 * With a pattern (POSIX basic, as the original's sed had it, or PCRE2) the user is its first
 * group of the path, and a path that it does not fit from its start on has no tenant. Without one
 * it is the owner of the file by uid, when that is a human's; else the pattern
 * '^/home/\([^/.]*\)/.*' is tried. The address comes from the map (`user address` lines), else it
 * is user@domain.
 */
#ifndef SPAMGEAR_REACT_TENANT_H
#define SPAMGEAR_REACT_TENANT_H

#include "spamgear/base/span.h"
#include "spamgear/base/strbuf.h"
#include <stdbool.h>
#include <sys/types.h>

enum tenant_pattern { TENANT_BASIC, TENANT_PCRE2 };

struct tenants;

struct tenant {
    struct strbuf user, address;
};

/* pattern and map_path may be NULL. domain NULL: that of this machine (its name behind the first
 * dot, else /etc/mailname, else its name). NULL with why: a pattern that does not compile, has no
 * group, or (basic) a back reference; a domain that is none; a map that cannot be read, or a line
 * of it ("FILE:LINE: reason") that is neither `user address` nor a # comment. */
struct tenants *tenants_open(const char *pattern, enum tenant_pattern type, const char *map_path,
                             const char *domain, struct strbuf *why);
void tenants_close(struct tenants *tenants);
/* Whose file it is; *tenant is {0} or from an earlier call. False: nobody's that could be told. A
 * user name must be of [A-Za-z0-9._-]
 * (not '-' first), an address of RFC 5322's plain characters: anything else is nobody's.
 */
bool tenants_of(const struct tenants *tenants, struct span path, uid_t owner,
                struct tenant *tenant);
void tenant_clear(struct tenant *tenant);

#endif
