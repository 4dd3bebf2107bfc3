/* reputation - lookup tables by which Postfix treats bad senders and phishing addresses.
 *
 * header_checks(5) that send the mail of some SASL users through a second server, and
 * access(5) that refuses mail to some recipients. Names are attacker-written: what stands in a
 * table matches that name, byte for byte as Postfix writes it, and nothing else.
 */
#ifndef SPAMGEAR_REACT_REPUTATION_H
#define SPAMGEAR_REACT_REPUTATION_H

#include "spamgear/base/strbuf.h"
#include "spamgear/base/vec.h"
#include <stdbool.h>

/* "HOST", "HOST:PORT", "[ADDRESS]:PORT" as the next hop "[HOST]:PORT". Appends. 0, or -1 with why.
 */
int reputation_next_hop(const char *relay, struct strbuf *out, struct strbuf *why);

/* A table of type pcre or regexp for the names, sorted, each once. What is compared is the line
 * "(Authenticated sender: NAME)" in the Received header of smtpd_sasl_authenticated_header, in
 * which Postfix replaces what is no printable ASCII. Appends. */
void reputation_headers(struct texts *names, const char *next_hop, struct strbuf *out);

/* Adds the addresses of a list to addresses: one a line, up to the first blank, tab or comma; '#'
 * begins a comment. Lines that hold no address are left out and told in problems as
 * "name:line: what". */
void reputation_read(struct span text, const char *name, struct texts *addresses,
                     struct texts *problems);
/* The same of a file, or of all files of a folder whose names begin with no dot. 0; -1 with why
 * when one of them could not be read: then the list is not whole. */
int reputation_read_lists(const char *path, struct texts *addresses, struct texts *problems,
                          struct strbuf *why);

/* "ADDRESS ACTION" lines, sorted, each once. Appends. */
void reputation_access(struct texts *addresses, const char *action, struct strbuf *out);

/* Makes path hold text. 1: it was replaced; 0: it held it already, and was not touched; -1 with
 * why: the old one stands. */
int reputation_write(const char *path, struct span text, struct strbuf *why);

/* Is the index that postmap makes of path (path.db, path.lmdb, path.cdb) there, and not older? */
bool reputation_is_indexed(const char *path, const char *type);

#endif
