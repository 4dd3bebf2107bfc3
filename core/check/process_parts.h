/* process_parts - what the files of processes share. */
#ifndef SPAMGEAR_CHECK_PROCESS_PARTS_H
#define SPAMGEAR_CHECK_PROCESS_PARTS_H

#include "spamgear/base/map.h"
#include "spamgear/check/processes.h"

/* Connections to mail ports, of each network namespace that was met. */
struct mail_sockets {
    struct map spaces;  /* "net:[4026531840]" */
    struct map inodes;  /* of sockets, as text */
    struct texts peers; /* by number of the inode: "192.0.2.1:25" */
};

/* Reads the tables of the namespace in which the process of procdir lives, unless they were read
 * before. */
void mail_sockets_read(struct mail_sockets *sockets, int procdir);
/* The peer of a socket ("socket:[123]"), NULL when it is no connection to a mail port. */
const char *mail_sockets_peer(const struct mail_sockets *sockets, const char *link);
void mail_sockets_clear(struct mail_sockets *sockets);

/* Does the path lead to where only root puts programs? */
bool process_is_system(const char *path);

/* Reads a file of /proc below a folder, at most bytes_max bytes. false when it is not there. */
bool process_read(int dirfd, const char *name, size_t bytes_max, struct strbuf *out);
/* What a link of /proc says; false when it cannot be read. out is replaced. */
bool process_link(int dirfd, const char *name, struct strbuf *out);

#endif
