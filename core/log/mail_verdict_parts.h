/* mail_verdict_parts - what the filters' parsers share. */
#ifndef SPAMGEAR_LOG_MAIL_VERDICT_PARTS_H
#define SPAMGEAR_LOG_MAIL_VERDICT_PARTS_H

#include "spamgear/base/vec.h"
#include "spamgear/log/fields.h"
#include "spamgear/log/mail_verdict.h"

/* The text behind the tag; *verdict is zero but for the filter and the pid. */
enum parse_result mail_verdict_parse_amavis(struct span text, struct mail_verdict_line *verdict);
enum parse_result mail_verdict_parse_rspamd(struct span text, struct mail_verdict_line *verdict);

/* The program of a tag: some call themselves "/usr/sbin/amavisd-new". */
struct span mail_verdict_program(struct span tag);

/* Takes "<address>", whose quoted parts may hold any byte; *address is without the brackets. */
bool mail_verdict_take_address(struct span *text, struct span *address);

/* Takes a decimal number such as -1.25. */
bool mail_verdict_take_number(struct span *text, double *number);

/* A fingerprint of each distinct recipient of a list, in order; at most `max` of them. */
struct digests {
    uint64_t *at;
    size_t len, cap;
};
void mail_verdict_digests(struct span recipients, size_t max, struct digests *digests);
/* Adds one, unless it is there or there are max. */
void digests_add(struct digests *digests, uint64_t digest, size_t max);

#endif
