/* serve - a listening socket (unix or loopback) whose clients are answered by one function.
 *
 * "unix:/PATH" (mode, group), "/PATH", "127.0.0.1:9199", "[::1]:9199"; anything but loopback is
 * refused. Clients, bytes of a request and idle time are bounded; a client that does not read its
 * answers is dropped; of too many the one that was quiet for longest is. A socket file that nobody
 * listens on any more is replaced; anything else that stands at the path is refused.
 */
#ifndef SPAMGEAR_NET_SERVE_H
#define SPAMGEAR_NET_SERVE_H

#include "spamgear/base/loop.h"
#include "spamgear/base/span.h"

struct serve_settings {
    const char *place;
    unsigned mode;        /* of the socket file; 0: 0660 */
    const char *group;    /* of the socket file; NULL: as it comes */
    size_t request_max;   /* 0: 64 KiB */
    unsigned clients_max; /* 0: 500 */
    int idle_ms;          /* 0: none: Postfix keeps its connections */
    int stall_ms;         /* how long answers may wait to be read; 0: 10 seconds */
    void *state;
    /* Takes one request off the start of bytes: how many bytes it took, 0: it is not whole yet.
     * Appends to answer; *close: this was the last one. */
    size_t (*take)(void *state, struct span bytes, struct strbuf *answer, bool *close);
};

/* Is it a place to listen at? 0, -1 with why. */
int serve_check(const char *place, struct strbuf *why);

struct serve;
struct serve *serve_open(struct loop *loop, const struct serve_settings *settings,
                         struct strbuf *why);
/* Removes the socket file, too. Not from within take. */
void serve_close(struct serve *serve);
unsigned serve_clients(const struct serve *serve);
unsigned serve_port(const struct serve *serve); /* of a loopback address; 0 of a file */

#endif
