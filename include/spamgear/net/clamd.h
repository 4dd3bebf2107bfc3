/* clamd - a session with the ClamAV daemon (clamd(8): IDSESSION, FILDES, INSTREAM).
 *
 * Commands are sent in the z form (NUL-terminated). Several scans are under way at once; answers
 * come in any order and carry the number of their command, 1, 2, 3 in a session.
 *
 * A clamd without its temporary folder calls everything clean. So every session starts and ends
 * with canaries: the EICAR test file, which clamd's own database may or may not know, and 64
 * random bytes made so that ClamAV's built-in check for the log of Mydoom.M fires, which needs no
 * database (but the setting HeuristicAlerts). One of them must be found; else nothing that this
 * clamd says of any file means anything, and the session is an error. The random ones differ from
 * session to session, so clamd's cache of clean files cannot answer.
 *
 * Every call ends by a deadline; SIGPIPE is never raised. After clamd_open no descriptor is made
 * any more, so a session can be used in a sandbox (it needs sendmsg, recvfrom, poll, pread, fstat,
 * fcntl and clock_gettime).
 */
#ifndef SPAMGEAR_NET_CLAMD_H
#define SPAMGEAR_NET_CLAMD_H

#include "spamgear/base/span.h"
#include "spamgear/base/strbuf.h"
#include <stdbool.h>
#include <stdint.h>

#define CLAMD_WINDOW  16 /* scans under way in a session; clamd closes when it is given hundreds */
#define CLAMD_NAME    96 /* bytes of a signature's name that are kept */
#define CLAMD_IDLE_MS 10000 /* clamd ends a session that is silent for ReadTimeout */

/* What clamd does when its clamd.conf does not say otherwise, since version 0.105. */
#define CLAMD_FILE_MAX   (100u << 20)
#define CLAMD_STREAM_MAX (100u << 20)
#define CLAMD_SCAN_MS    120000

/* Where a clamd listens. */
struct clamd_place {
    char *socket; /* a unix socket: descriptors are passed; NULL: TCP, contents are streamed */
    char *host, *port;
    char *database;      /* DatabaseDirectory: a folder of this machine; NULL = not said */
    uint64_t stream_max; /* StreamMaxLength: larger files cannot be told over TCP */
    uint64_t file_max; /* MaxFileSize and MaxScanSize, the smaller: clamd says OK to larger ones */
    int64_t scan_ms;   /* MaxScanTime: clamd says OK when it took that long */
    /* 0 = not known, CLAMD_STREAM_MAX etc. are assumed; UINT64_MAX, INT64_MAX = no limit */
};

void clamd_place_clear(struct clamd_place *place);
/* Reads LocalSocket or TCPSocket/TCPAddr, limits and DatabaseDirectory from a clamd.conf (conf
 * NULL: the first of the usual places that is there, or else Debian's socket itself). The unix
 * socket is preferred. place is overwritten. 0, or -1 with why ("file:line: ..."); place is empty
 * then. */
int clamd_place_find(struct clamd_place *place, const char *conf, struct strbuf *why);
/* The same of a text; file is only named in why. */
int clamd_place_parse(struct clamd_place *place, struct span text, const char *file,
                      struct strbuf *why);
/* "/run/clamav/clamd.ctl", "127.0.0.1:3310". Appends, raw. */
void clamd_place_describe(const struct clamd_place *place, struct strbuf *out);
/* Does a clamd answer PING there within wait_ms? (Asking for a host by name takes as long as libc
 * wants.) */
bool clamd_answers(const struct clamd_place *place, int wait_ms);

/* What it calls itself: "ClamAV 1.4.6/27000/Mon ...", engine and database. 0, or -1 with why. */
int clamd_version(const struct clamd_place *place, int wait_ms, struct strbuf *version,
                  struct strbuf *why);

enum clamd_result { CLAMD_OK, CLAMD_FOUND, CLAMD_ERROR };

struct clamd_answer {
    uint32_t number; /* of the command; 0 = of none (a protocol error) */
    enum clamd_result result;
    char name[CLAMD_NAME + 1]; /* of the signature, or what the error says; raw */
};

/* Takes one answer (without its NUL) apart. 0, or -1 when it is none. */
int clamd_answer_parse(struct span text, struct clamd_answer *answer);

struct clamd;

/* Connects, starts a session, and has a canary found. wait_ms is the time for all of that, and
 * later for handing one file over. NULL with why. */
struct clamd *clamd_open(const struct clamd_place *place, int wait_ms, struct strbuf *why);
void clamd_close(struct clamd *clamd); /* NULL is fine */

/* Asks for a scan of an open file; returns the number its answer will carry. Its offset is neither
 * used nor changed. What clamd must not be asked (no regular file, opened with O_PATH or not for
 * reading, too large: clamd would say OK) is answered with CLAMD_ERROR, by
 * us. 0 with why when the session is broken. At most CLAMD_WINDOW may be under way. */
uint32_t clamd_ask(struct clamd *clamd, int fd, struct strbuf *why);
/* How many more may be asked before answers must be taken. */
unsigned clamd_room(const struct clamd *clamd);
/* The next answer. 1: *answer is filled; 0: none within wait_ms; -1 with why: the session is
 * broken, what is under way will not be answered. */
int clamd_next(struct clamd *clamd, struct clamd_answer *answer, int wait_ms, struct strbuf *why);
/* Has the canary found once more: 0 when everything since clamd_open may be believed; -1 with why:
 * nothing of it may. Answers that come meanwhile are kept for clamd_next. */
int clamd_confirm(struct clamd *clamd, int wait_ms, struct strbuf *why);
/* Keeps a session that waits for work alive: to be called every CLAMD_IDLE_MS. 0, or -1 with why
 * when it is broken. */
int clamd_keep(struct clamd *clamd, struct strbuf *why);

#endif
