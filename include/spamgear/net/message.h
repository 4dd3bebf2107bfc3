/* message - one mail, well-formed (RFC 5322, RFC 2047, RFC 2045, RFC 3834).
 *
 * Built from plain texts that may hold any bytes: no value can end its header or make another one,
 * other bytes than ASCII are encoded, long headers folded, bodies with long lines or other bytes
 * than ASCII sent as quoted-printable, so that every line has at most 998 bytes; NUL and CR removed
 * from the body, other control bytes and what is no UTF-8 escaped. Lines end with CRLF.
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

/* Appends a value with its runs of words that are not ASCII as encoded words (RFC 2047), `between`
 * parting two of them: "\n " where a header line may be broken. Quotes go when there are any: no
 * encoded word may stand in them. An ASCII value stays as it is. */
void message_encode(struct strbuf *out, struct span value, const char *between);

/* Appends text as quoted-printable, its lines ended with CRLF, nothing else of it changed. */
void message_quote(struct strbuf *out, struct span text);

/* "Sat, 21 Nov 2026 17:33:09 +0000": now (RFC 5322, 3.3). */
void message_date(struct strbuf *out);

/* The bare address of "Name <address>" or "address": caller frees. NULL when there is none that any
 * mail server or program could be given: an atom, @ and a domain ("root" alone stays as it is), so
 * no blank, quote, comma, control or other byte than ASCII, no '-' in front, at most 254 bytes. */
char *message_address(struct span text);

/* This host's own name as the kernel has it, with the domain of /etc/mailname or resolv.conf when
 * it has none: no DNS. Never empty. Borrowed for ever. */
const char *message_host(void);

/* What message_host is made of: appends the name of a node, a domain from one of the files. */
void message_host_name(struct strbuf *out, const char *node, const char *mailname,
                       const char *resolv);

#endif
