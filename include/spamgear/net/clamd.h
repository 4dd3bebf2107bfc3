/* clamd - a session with the ClamAV daemon (clamd(8): IDSESSION, FILDES, INSTREAM).
 *
 * Commands are sent in the z form (NUL-terminated). Several scans are under way at once; answers
 * come in any order and carry the number of their command, 1, 2, 3 in a session. Every session
 * starts with a canary (a text that ClamAV itself knows), because a clamd without its temporary
 * folder calls everything clean: an engine that misses it is an error. The session ends with
 * another one.
 */
#ifndef SPAMGEAR_NET_CLAMD_H
#define SPAMGEAR_NET_CLAMD_H

#include "spamgear/base/span.h"
#include "spamgear/base/strbuf.h"
#include <stdbool.h>
#include <stdint.h>

#define CLAMD_WINDOW 16 /* scans under way in a session; clamd closes when it is given hundreds */
#define CLAMD_NAME   96 /* bytes of a signature's name that are kept */

/* Where a clamd listens. */
struct clamd_place {
    char *socket; /* a unix socket: descriptors are passed; NULL: TCP, contents are streamed */
    char *host, *port;
    uint64_t stream_max; /* StreamMaxLength: larger files cannot be told over TCP; 0 = 25 MiB */
};

void clamd_place_clear(struct clamd_place *place);
/* Reads LocalSocket or TCPSocket/TCPAddr and StreamMaxLength from a clamd.conf (conf NULL: the
 * usual places). 0, or -1 with why. */
int clamd_place_find(struct clamd_place *place, const char *conf, struct strbuf *why);
/* Does a clamd answer PING there within wait_ms? */
bool clamd_answers(const struct clamd_place *place, int wait_ms);

enum clamd_result { CLAMD_OK, CLAMD_FOUND, CLAMD_ERROR };

struct clamd_answer {
    uint32_t number; /* of the command; 0 = of none (a protocol error) */
    enum clamd_result result;
    char name[CLAMD_NAME + 1]; /* of the signature, or what the error says; raw */
};

/* Takes one answer (without its NUL) apart. 0, or -1 when it is none. */
int clamd_answer_parse(struct span text, struct clamd_answer *answer);

struct clamd;

/* Connects, starts a session, and has the canary found. NULL with why. */
struct clamd *clamd_open(const struct clamd_place *place, int wait_ms, struct strbuf *why);
void clamd_close(struct clamd *clamd); /* NULL is fine */

/* Asks for a scan of an open file (a descriptor of a regular file, opened for reading); returns the
 * number its answer will carry. 0 with why when the session is broken. At most CLAMD_WINDOW may
 * be under way. */
uint32_t clamd_ask(struct clamd *clamd, int fd, struct strbuf *why);
/* The next answer. 1: *answer is filled; 0: none within wait_ms; -1 with why: the session is
 * broken, what is under way will not be answered. */
int clamd_next(struct clamd *clamd, struct clamd_answer *answer, int wait_ms, struct strbuf *why);
/* Has the canary found once more: 0 when everything since clamd_open may be believed. */
int clamd_confirm(struct clamd *clamd, int wait_ms, struct strbuf *why);
/* For poll(2). */
int clamd_descriptor(const struct clamd *clamd);

#endif
