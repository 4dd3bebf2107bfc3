/* attributes - extended attributes of a file: its ACLs, capabilities, labels and user.* notes.
 *
 * A tenant can put as much into them as the file system holds, so what is read is bounded;
 * what does not fit, or cannot be read, is counted, for it must neither be lost silently nor keep
 * a webshell from being taken away.
 */
#ifndef SPAMGEAR_REACT_ATTRIBUTES_H
#define SPAMGEAR_REACT_ATTRIBUTES_H

#include "spamgear/base/strbuf.h"
#include "spamgear/base/vec.h"

#define ATTRIBUTES_BYTES 65536 /* names and values of one file together */

struct attribute {
    char *name; /* owned */
    struct strbuf value;
};

struct attributes {
    struct attribute *at;
    size_t len, cap;
    unsigned left_out; /* that were there but could not be read or did not fit */
};

void attributes_clear(struct attributes *list);
/* All of the open file's. A file system without any gives none. */
void attributes_read(struct attributes *list, int fd);
/* Copies both. */
void attributes_add(struct attributes *list, struct span name, struct span value);
/* Gives them to the open file; an ACL that it got from its folder and that is not in the list
 * goes. One that cannot be set is told in remarks, and the rest is set all the same; with
 * remarks NULL it is -1 with why. */
int attributes_apply(const struct attributes *list, int fd, struct texts *remarks,
                     struct strbuf *why);

#endif
