/* mailq_read - what mailq reads of a Postfix: showq's answer, postqueue's lines, main.cf.
 *
 * All of it is taken as it comes, in pieces of any size, and holds what strangers wrote (senders,
 * reasons). Names of queues are Postfix's own five or the listing is refused.
 */
#ifndef SPAMGEAR_NET_MAILQ_READ_H
#define SPAMGEAR_NET_MAILQ_READ_H

#include "spamgear/net/mailq.h"

typedef void mailq_each(void *state, const struct mailq_message *message);

#define MAILQ_FIELD_MAX 1024 /* bytes kept of a field */
#define MAILQ_LINE_MAX  8192 /* bytes kept of a line: what counts stands before the recipients */

/* {.each, .state} is a new one. */
struct mailq_showq {
    mailq_each *each;
    void *state;
    struct strbuf token, name, fields[4];
    unsigned seen; /* fields of this list, a bit each */
    unsigned long names;
    bool at_value, other, done, wrong;
};
/* More of an answer: 0, -1 with why when it is none. At the end `done` must be set. */
int mailq_showq_feed(struct mailq_showq *showq, struct span bytes, struct strbuf *why);
void mailq_showq_clear(struct mailq_showq *showq);

/* {.each, .state, .why} is a new one. */
struct mailq_lines {
    mailq_each *each;
    void *state;
    struct strbuf line;
    struct strbuf *why; /* gets what was wrong first */
    unsigned long number;
    bool wrong;
};
void mailq_lines_feed(struct mailq_lines *lines, struct span bytes);
/* Frees. 0; -1 when a line was no message, or the last one not whole: why. */
int mailq_lines_end(struct mailq_lines *lines);

/* A value of main.cf, by default `other`. 0; -1 with why. */
int mailq_parameter(const char *config, const char *name, const char *other, int64_t deadline,
                    struct strbuf *value, struct strbuf *why);

#endif
