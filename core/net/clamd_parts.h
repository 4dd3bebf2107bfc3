/* clamd_parts - what the files of clamd tell each other. */
#ifndef SPAMGEAR_NET_CLAMD_PARTS_H
#define SPAMGEAR_NET_CLAMD_PARTS_H

#include "spamgear/net/clamd.h"

/* clamd_canary.c: a text that every ClamAV that can scan finds, in an anonymous file. A descriptor,
 * or -1 with why. */
enum clamd_canary { CANARY_BUILT_IN, CANARY_EICAR, CANARIES };
int clamd_canary_open(enum clamd_canary canary, struct strbuf *why);

/* clamd_answer.c: numbers from here on are never clamd's. */
#define CLAMD_OWN_NUMBERS 0x80000000u
/* "N: " before an answer: its number, 0 when there is none. False when it is out of range. */
bool clamd_answer_number(struct span *text, uint32_t *number);
void clamd_answer_name(struct clamd_answer *answer, struct span name);

/* clamd_connect.c; deadlines are of clock_steady_ms. */
/* Waits for poll events: false when the deadline passed. */
bool clamd_wait(int fd, short events, int64_t deadline);
/* A non-blocking socket, or -1 with why. */
int clamd_connect(const struct clamd_place *place, int64_t deadline, struct strbuf *why);

#endif
