/* smtp_dial - from an address to a connection that may be trusted as far as it was asked for.
 *
 * Here question and answer alternate strictly: a server, or somebody between, that has said more
 * than it was asked is hung up on. So nothing that was sent in plain text can be taken for an
 * answer that came by TLS (CVE-2011-0411 and its kind).
 */
#include "smtp_parts.h"
#include <errno.h>
#include <poll.h>
#include <unistd.h>

static void wait_for(const struct smtp_wire *wire)
{
    struct pollfd poll_fd = {.fd = wire->fd, .events = wire->wants};
    poll(&poll_fd, 1, -1);
}

static int say(struct smtp_wire *wire, struct span line, struct strbuf *why)
{
    while (line.len > 0) {
        ssize_t done = smtp_wire_write(wire, line.at, line.len);
        if (done == WIRE_AGAIN)
            wait_for(wire);
        else if (done <= 0)
            return strbuf_why(why, "it closed the connection");
        else
            line = span_skip(line, (size_t)done);
    }
    return 0;
}

/* One reply and not a byte more; heard owns it. */
static int hear(struct smtp_wire *wire, struct strbuf *heard, struct smtp_reply *reply,
                struct strbuf *why)
{
    char block[1024];
    strbuf_reset(heard);
    for (;;) {
        ssize_t got = smtp_wire_read(wire, block, sizeof block);
        if (got == WIRE_AGAIN) {
            wait_for(wire);
            continue;
        }
        if (got <= 0)
            return strbuf_why(why, "it closed the connection");
        strbuf_add(heard, block, (size_t)got);
        struct span rest = strbuf_span(heard);
        int whole = smtp_reply_take(&rest, reply);
        if (whole < 0)
            return strbuf_why(why, "its answer is no SMTP");
        if (whole > 0 && rest.len > 0)
            return strbuf_why(why, "it said more than it was asked");
        if (whole > 0)
            return 0;
        if (heard->len > SMTP_REPLY_MAX)
            return strbuf_why(why, "it talks without end");
    }
}

static int refused(const char *what, const struct smtp_reply *reply, struct strbuf *why)
{
    struct strbuf said = {0};
    smtp_reply_text(&said, reply->whole);
    strbuf_why(why, "%s%s", what, strbuf_text(&said));
    strbuf_clear(&said);
    return -1;
}

static int greeting(struct smtp_wire *wire, const struct smtp_job *job, struct strbuf *heard,
                    struct strbuf *why)
{
    struct smtp_reply reply;
    job->progress->step = SMTP_STEP_GREETING;
    if (hear(wire, heard, &reply, why) != 0)
        return -1;
    return reply.code == 220 ? 0 : refused("it said: ", &reply, why);
}

/* 1 when TLS may begin, 0 when it is not offered, -1 when the dialogue failed. */
static int ask_for_tls(struct smtp_wire *wire, const struct smtp_job *job, struct strbuf *heard,
                       struct strbuf *why)
{
    struct strbuf hello = {0};
    struct smtp_reply reply;
    job->progress->step = SMTP_STEP_TLS_ASK;
    strbuf_format(&hello, "EHLO %s\r\n", job->hello);
    int result = say(wire, strbuf_span(&hello), why);
    strbuf_clear(&hello);
    if (result != 0 || hear(wire, heard, &reply, why) != 0)
        return -1;
    if (reply.code != 250 || !smtp_reply_offers(&reply, "STARTTLS")) {
        strbuf_why(why, "it offers no TLS (STARTTLS)");
        return 0;
    }
    if (say(wire, SPAN("STARTTLS\r\n"), why) != 0 || hear(wire, heard, &reply, why) != 0)
        return -1;
    if (reply.code == 220)
        return 1;
    refused("it refused TLS: ", &reply, why);
    return 0;
}

static int try_dial(struct smtp_wire *wire, const struct smtp_job *job, bool want_tls,
                    bool need_tls, struct strbuf *heard, struct strbuf *why)
{
    const struct smtp_server *server = job->server;
    job->progress->step = SMTP_STEP_CONNECT;
    if (smtp_wire_open(wire, server->host, server->port, server->deadline_ms, why) != 0)
        return -1;
    if (server->implicit_tls) {
        job->progress->step = SMTP_STEP_TLS;
        if (smtp_wire_tls(wire, server, true, why) != 0)
            return -1;
    }
    if (greeting(wire, job, heard, why) != 0)
        return -1;
    if (server->implicit_tls || !want_tls)
        return 0;
    int offered = ask_for_tls(wire, job, heard, why);
    if (offered <= 0)
        return offered == 0 && !need_tls ? 0 : -1;
    job->progress->step = SMTP_STEP_TLS;
    return smtp_wire_tls(wire, server, need_tls, why);
}

int smtp_dial(struct smtp_wire *wire, const struct smtp_job *job, struct strbuf *why)
{
    const struct smtp_server *server = job->server;
    struct strbuf heard = {0};
    bool want = server->tls != SMTP_TLS_OFF;
    bool need = server->tls == SMTP_TLS_REQUIRED || server->user != NULL;
    int result = try_dial(wire, job, want, need, &heard, why);
    /* Opportunistic: better in plain text than not at all, when TLS itself fails. */
    if (result != 0 && want && !need && !server->implicit_tls &&
        job->progress->step == SMTP_STEP_TLS) {
        close(wire->fd);
        result = try_dial(wire, job, false, false, &heard, why);
    }
    strbuf_clear(&heard);
    return result;
}
