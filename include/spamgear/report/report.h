/* report - what a log check found, for people (text), programs (NDJSON) and Prometheus.
 *
 * Everything here is plain data that the check layer filled; writers only write. Bytes
 * that came from logs are escaped here, on the way out.
 */
#ifndef SPAMGEAR_REPORT_REPORT_H
#define SPAMGEAR_REPORT_REPORT_H

#include "spamgear/base/vec.h"
#include "spamgear/log/harvest.h"
#include "spamgear/react/react.h"
#include "spamgear/sender/limit.h"
#include "spamgear/sender/tally.h"
#include <stdio.h>

struct report_network {
    char *name; /* owned */
    uint64_t messages;
    unsigned addresses;
};

struct report_sender {
    struct sender sender;
    bool has_clients;    /* the log names clients at all */
    unsigned addresses;  /* distinct */
    unsigned networks;   /* distinct, without webmail and allow-listed addresses */
    unsigned unknown;    /* addresses without reverse name, likewise */
    unsigned unresolved; /* addresses whose name could not be asked for in time */
    uint64_t webmail;    /* messages through webmail addresses */
    uint64_t count;      /* what is compared with the limit: messages or recipients */
    uint64_t limit;
    bool over;
    const struct limit_rule *rule;  /* that set the limit; NULL = the standard one */
    VEC(struct report_network) top; /* most messages first, a few */
    struct texts network_names;     /* all of them; only with check.name_networks .. */
    struct texts nameless;          /* .. and the addresses counted in `unknown` */
    uint64_t elsewhere;             /* messages that other machines of a fleet counted, .. */
    uint64_t elsewhere_recipients;  /* .. which are in `count`, and not in `sender`; .. */
    uint64_t elsewhere_trusted;     /* .. of these messages; .. */
    unsigned machines;              /* .. and so many they are */
    bool handed;                    /* over the bounds of --disable-account */
    struct react_outcome reaction;  /* when handed */
};

struct report {
    const char *applet;   /* its own name, not an alias */
    struct strbuf during; /* "During the last 1 hour", "Between ... and ..." */
    uint64_t limit;       /* the standard limit */
    bool by_recipients;
    bool all;               /* senders below their limit are shown too: limits are told */
    bool headings;          /* one heading a kind of sender */
    struct strbuf networks; /* what a network is here */
    int64_t since, until;
    bool open_end;      /* until was not asked for */
    struct texts files; /* that were read */
    struct texts notes; /* what the reader of the report should know, no trouble */
    struct harvest_counts counts;
    uint64_t failed;         /* log-ins that failed, altogether */
    uint64_t failed_unnamed; /* of those: in more names than are kept */
    uint64_t senders_seen;
    bool reacts;                       /* senders over the bounds are disabled */
    VEC(struct report_sender) senders; /* to be shown, in order */
};

/* The lines that people grep: "During the last 1 hour the following senders have made at
 * least 90 SMTP connections.", an empty line, "COUNT (N nets/U unknowns/I IPs/W webmail) --
 * first log line", ended by " [DISABLED]" when that is so, with what was done in indented lines
 * behind it. Nothing at all when there is nobody to show. */
void report_text(const struct report *report, FILE *out);
/* One object a sender and a last one with the summary (schema 1). */
void report_json(const struct report *report, FILE *out);
/* Prometheus text exposition format 0.0.4. */
void report_metrics(const struct report *report, FILE *out);

/* Leaves the first `top` senders, and those who were handed to react. 0 leaves all. */
void report_cut(struct report *report, size_t top);

/* "disabled", "partly", "failed", "standing", "would", "refused" */
const char *report_reaction_name(enum react_result result);

void report_clear(struct report *report);

#endif
