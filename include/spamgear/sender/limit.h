/* limit - how much may a sender send, and why exactly that much.
 *
 * Rules come from [limits] in the config and from *.overrides files (a line is
 * `NAME COUNT [until YYYY-MM-DD]`; the originals' files are the first two words).
 * NAME is a sender's name, a glob, "@domain" (every user of it) or "uid:1001". The
 * most particular rule wins: exact name, then uid, then globs (the longest first),
 * then @domain, then the default; of equal ones the one read last. An expired rule
 * does not count, from the first second after that day, local time.
 *
 * "uid=1001", as Postfix writes it, is "uid:1001" in rules and senders. Names count byte for byte,
 * domains without regard to case. A glob behind the @
 * ("@*.example.org") is tried on the sender's "@domain", after the plain domains. Exact
 * names and domains are found through a map, however many there are; globs are walked.
 */
#ifndef SPAMGEAR_SENDER_LIMIT_H
#define SPAMGEAR_SENDER_LIMIT_H

#include "spamgear/base/map.h"
#include "spamgear/base/strbuf.h"
#include "spamgear/base/vec.h"
#include <stdbool.h>
#include <stdint.h>

struct limit_rule {
    char *pattern;   /* as written, but "uid=" is "uid:" */
    uint64_t count;  /* senders with at least this many are over */
    int64_t expires; /* first second when it no longer holds; 0 = never */
    char *file;      /* where it was written, for `why` */
    unsigned line;
    uint32_t before; /* number of the earlier rule of the same name, MAP_NONE without one */
};

/* {.standard = 90} is everybody's limit and no rules. */
struct limits {
    uint64_t standard; /* for everybody without a rule */
    VEC(struct limit_rule) rules;
    /* The index, kept by limit_add. Numbers are those of rules. */
    struct map names;     /* exact names, and plain domains as "@domain" in lower case */
    VEC(uint32_t) newest; /* by number in names: the rule read last */
    VEC(uint32_t) globs, domain_globs; /* the longest first, of equal ones the one read last */
};

/* Reads one rule (value is the text behind the name: "120" or "120 until 2026-12-31"; name and
 * file are copied). 0, or -1 with why. */
int limit_add(struct limits *limits, const char *name, const char *value, const char *file,
              unsigned line, struct strbuf *why);

/* Reads an overrides file; blank lines and # comments are skipped, a name with blanks stands
 * in double quotes. Every bad line is told through why (file:line: what, one a line), the good
 * ones still count: -1 then. A file that does not exist is 0. When root runs, a file that
 * others own or may write is refused: it could silence the report about them. */
int limit_read_overrides(struct limits *limits, const char *path, struct strbuf *why);

/* The limit of a sender, at a time. *rule (may be NULL) gets the rule that said so, NULL
 * for the standard one; borrowed until the next limit_add. */
uint64_t limit_of(const struct limits *limits, struct span sender, int64_t now,
                  const struct limit_rule **rule);

void limit_clear(struct limits *limits);

#endif
