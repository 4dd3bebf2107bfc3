/* sweep_parts - what the files of the sweep tell each other. */
#ifndef SPAMGEAR_CHECK_SWEEP_PARTS_H
#define SPAMGEAR_CHECK_SWEEP_PARTS_H

#include "spamgear/check/sweep.h"
#include "spamgear/scan/footprint.h"

/* What a job of the item is for. */
enum phase { EXAMINE, CLEAN, CHECK };

struct item {
    enum phase phase;
    struct strbuf path;
    struct stat st; /* of fd, before it was read */
    int fd, cleaned_fd;
    struct footprint footprint;
    struct verdict_folder *folder; /* NULL: its verdict is not remembered */
    struct verdict verdict;        /* of the first visit, kept while it is cleaned */
    struct item *next;             /* of the spare ones */
};

/* A file of several names that was acted upon. */
struct links {
    char *path;
    uint64_t left;
};

/* One sweep. */
struct run {
    struct sweep *sweep;
    void (*complain)(const char *text);
    struct scan_totals *totals;
    struct walk *walk;
    struct pool *pool; /* NULL until a file must be examined */
    bool failed;       /* it could not be opened; why tells */
    struct item *spare;
    struct map linked; /* device and inode to the number of the links */
    VEC(struct links) links;
    struct strbuf why, said;
};

/* sweep_act.c. Says that something could not be told or done; the run ends with trouble then. */
void sweep_complain(struct run *run, const char *text);
void sweep_complain_of(struct run *run, const struct item *item,
                       const char *text); /* "path: text" */

/* Names that are left of files that were taken away; forgets them. */
void sweep_complain_of_links(struct run *run);

/* Does what is to be done about a file in which something was found, and tells it. */
void sweep_found(struct run *run, struct item *item, const struct verdict *verdict);

/* Is the cleaned text the file without its cuts? Else a worker that was taken over could have
 * anything written over any file. */
bool sweep_is_only_cut(const struct item *item);

#endif
