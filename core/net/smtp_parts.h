/* smtp_parts - what the files of smtp share; for them only.
 *
 *     caller --- child: smtp_dial (connects, greets, TLS), then libesmtp
 *                libesmtp <-- socket pair --> smtp_relay (a thread) <-- TLS or TCP --> server
 *
 * libesmtp speaks SMTP and knows nothing of TLS: connecting, certificates and STARTTLS are done
 * here, before it says a word, in one way for port 25, 587 and 465, for names and addresses.
 */
#ifndef SPAMGEAR_NET_SMTP_PARTS_H
#define SPAMGEAR_NET_SMTP_PARTS_H

#include "spamgear/net/smtp.h"
#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#define SMTP_LINE_MAX  2048        /* of a reply; RFC 5321 has 512 */
#define SMTP_REPLY_MAX (16u << 10) /* before libesmtp takes over */
#define SMTP_TALK_MAX  (1u << 20)  /* all that a server says in one delivery */
#define SMTP_TEXT_MAX  400         /* of a reply, as it is told */
#define SMTP_WORD_MAX  255         /* user and password: libesmtp's buffers have no bounds */

/* ---- replies and the gate: pure ---- */

struct smtp_reply {
    int code;
    struct span whole; /* all its lines; borrowed */
};

/* Reads a reply (RFC 5321, 4.2) from the front of bytes: 1 and *bytes moves on, 0 when it is not
 * whole yet, -1 when it is none. */
int smtp_reply_take(struct span *bytes, struct smtp_reply *reply);
/* Is this among the keywords of an EHLO reply? */
bool smtp_reply_offers(const struct smtp_reply *reply, const char *keyword);
/* Appends the text of a reply in one line, escaped, cut to SMTP_TEXT_MAX. */
void smtp_reply_text(struct strbuf *out, struct span whole);

/* Watches a dialogue of libesmtp: no mail is sent before the log-in that was asked for, and a
 * server cannot talk without end. */
struct smtp_gate {
    bool wanted; /* a log-in */
    bool asked, entered;
    size_t heard;          /* bytes */
    struct strbuf refusal; /* the last answer to AUTH, raw */
};
/* One line of ours, of the server's. 0, or -1 with why: the connection must end. */
int smtp_gate_command(struct smtp_gate *gate, struct span line, struct strbuf *why);
int smtp_gate_reply(struct smtp_gate *gate, struct span line, struct strbuf *why);
/* Appends a line of a reply as libesmtp gets it, with its end: of the mechanisms that are offered
 * only PLAIN and LOGIN. NTLM would have its plugin read what a stranger wrote, and CRAM-MD5 never
 * loads. */
void smtp_gate_pass(const struct smtp_gate *gate, struct span line, struct strbuf *out);

/* ---- the connection ---- */

enum { WIRE_END = 0, WIRE_AGAIN = -1, WIRE_BROKEN = -2 };

struct smtp_wire {
    int fd;
    struct ssl_st *ssl; /* NULL: plain */
    short wants;        /* what to poll for after WIRE_AGAIN */
};

int smtp_wire_open(struct smtp_wire *wire, const char *host, unsigned port, int deadline_ms,
                   struct strbuf *why);
/* verify: the certificate must be trusted and the host's. Without it TLS gets half of the time, so
 * that some is left to go on in plain text. */
int smtp_wire_tls(struct smtp_wire *wire, const struct smtp_server *server, bool verify,
                  struct strbuf *why);
ssize_t smtp_wire_read(struct smtp_wire *wire, char *at, size_t size);
ssize_t smtp_wire_write(struct smtp_wire *wire, const char *at, size_t len);

/* ---- the child ---- */

enum smtp_step {
    SMTP_STEP_START,
    SMTP_STEP_CONNECT,
    SMTP_STEP_GREETING,
    SMTP_STEP_TLS_ASK,
    SMTP_STEP_TLS,
    SMTP_STEP_HELLO,
    SMTP_STEP_RECIPIENTS,
    SMTP_STEP_DATA,
    SMTP_STEP_MESSAGE,
    SMTP_STEP_QUIT
};

/* Shared with the caller, who reads it when the child is gone: what was known until then. */
struct smtp_progress {
    _Atomic int step;
    struct smtp_told {
        _Atomic int result;
        int code;
        char text[SMTP_TEXT_MAX + 1];
    } told[];
};

struct smtp_job {
    const struct smtp_server *server;
    const char *hello, *from;
    struct span message;
    const struct smtp_recipient *recipients;
    size_t count;
    struct smtp_progress *progress;
};

/* Connects, reads the greeting, and starts TLS where it must or can. */
int smtp_dial(struct smtp_wire *wire, const struct smtp_job *job, struct strbuf *why);

struct smtp_relay {
    struct smtp_wire *wire;
    struct smtp_gate gate;
    int fd;            /* our end of the pair */
    _Atomic bool over; /* the server has answered for the message: QUIT may fail */
    struct strbuf why; /* read it after smtp_relay_join */
    pthread_t thread;
};
int smtp_relay_start(struct smtp_relay *relay, struct strbuf *why);
void smtp_relay_join(struct smtp_relay *relay);

/* The dialogue, by libesmtp, over a wire that smtp_dial made. */
int smtp_session(const struct smtp_job *job, struct smtp_wire *wire, struct strbuf *why);

#endif
