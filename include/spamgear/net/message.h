/* message - one mail, well-formed (RFC 5322, RFC 2047, RFC 2045, RFC 3834).
 *
 * Built from plain texts that may hold any bytes: no value can end its header or make another one,
 * other bytes than ASCII are encoded, long headers folded, long body lines broken so that every
 * line has at most 998 bytes, NUL and bare CR removed, bytes that are no UTF-8 escaped. Lines end
 * with CRLF.
 */
#ifndef SPAMGEAR_NET_MESSAGE_H
#define SPAMGEAR_NET_MESSAGE_H

#include "spamgear/base/strbuf.h"
#include "spamgear/base/vec.h"

struct message {
    const char *from;       /* address, or "Name <address>" */
    const struct texts *to; /* likewise */
    const char *subject;
    struct span body; /* text */
    const char *host; /* right side of the Message-ID; NULL: this host's name, no DNS asked */
    const char *id;   /* left side of the Message-ID; NULL: made up, never the same twice */
};

/* Appends the whole message: Date, From, To, Subject, Message-ID, Auto-Submitted: auto-generated,
 * Precedence, MIME-Version, Content-Type (text/plain; charset=utf-8), Content-Transfer-Encoding
 * (7bit, else quoted-printable), a blank line, the body. */
void message_write(struct strbuf *out, const struct message *message);

/* Appends "Name: value" folded and encoded, with CRLF (an unstructured field). */
void message_header(struct strbuf *out, const char *name, struct span value);

/* The bare address of "Name <address>" or "address": caller frees. NULL when there is none that a
 * mail server could be given: one @ at least ("root" alone stays as it is), no blanks, controls, or
 * angle brackets, at most 254 bytes. */
char *message_address(struct span text);

/* This host's own name as the kernel has it, with the domain of /etc/mailname or resolv.conf when
 * it has none: no DNS. Never empty. Borrowed for ever. */
const char *message_host(void);

#endif
