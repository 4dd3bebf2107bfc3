/* serve_parts - where a service listens. */
#ifndef SPAMGEAR_NET_SERVE_PARTS_H
#define SPAMGEAR_NET_SERVE_PARTS_H

#include "spamgear/net/serve.h"
#include <sys/stat.h>

struct serve_place {
    int fd;
    unsigned port;  /* of TCP; 0 */
    int folder;     /* of the socket file; -1 */
    char *name;     /* in it */
    struct stat st; /* of the file, so that only our own is removed */
};

int serve_place_open(struct serve_place *place, const struct serve_settings *settings,
                     struct strbuf *why);
void serve_place_close(struct serve_place *place);

#endif
