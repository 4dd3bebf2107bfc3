/* smtp_relay - a thread that hands lines to and fro between libesmtp and the server.
 *
 * What the server says passes only in whole lines that the gate has seen, so that half a reply
 * before a cut is never taken for one. What libesmtp says passes in whole lines until the log-in is
 * done, then as it comes. A server that closes while it is written to may have said why: what it
 * said is still read, and libesmtp may speak to its end, so that it reads that too.
 */
#include "smtp_parts.h"
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define BLOCK       16384
#define PATIENCE_MS 3000 /* for the answer to QUIT */

struct flow {
    struct strbuf in, out; /* read and not yet judged; judged and not yet written */
    size_t done;           /* of out */
    bool ended, refused;   /* nothing more comes; nothing more is taken, and the rest forgotten */
};

typedef int gate_line(struct smtp_gate *gate, struct span line, struct strbuf *why);

/* Whole lines pass the gate. */
static int judge(struct smtp_relay *relay, struct flow *flow, gate_line *gate)
{
    struct span rest = strbuf_span(&flow->in), line;
    while (rest.len > 0 && memchr(rest.at, '\n', rest.len) != NULL &&
           span_take_line(&rest, &line)) {
        if (gate(&relay->gate, line, &relay->why) != 0)
            return -1;
        if (gate == smtp_gate_reply)
            smtp_gate_pass(&relay->gate, line, &flow->out);
        else
            strbuf_add(&flow->out, line.at, line.len + 1);
    }
    if (rest.len > SMTP_LINE_MAX)
        return strbuf_why(&relay->why, "it talks without end");
    struct strbuf left = {0};
    strbuf_add_span(&left, rest);
    strbuf_clear(&flow->in);
    flow->in = left;
    return 0;
}

/* 0, or -1 when the flow has come to its end. */
static int take(struct smtp_relay *relay, struct flow *flow, ssize_t got, const char *block,
                gate_line *gate)
{
    if (got <= 0) {
        flow->ended = true;
        return -1;
    }
    if (gate == NULL) {
        strbuf_add_span(&flow->out, strbuf_span(&flow->in));
        strbuf_reset(&flow->in);
        strbuf_add(&flow->out, block, (size_t)got);
        return 0;
    }
    strbuf_add(&flow->in, block, (size_t)got);
    return judge(relay, flow, gate);
}

static bool pending(const struct flow *flow)
{
    return flow->done < flow->out.len;
}

static void drain(struct smtp_wire *wire, struct flow *flow)
{
    while (pending(flow) && !flow->refused) {
        ssize_t done =
            smtp_wire_write(wire, flow->out.data + flow->done, flow->out.len - flow->done);
        if (done == WIRE_AGAIN)
            return;
        flow->refused = done <= 0;
        flow->done += done > 0 ? (size_t)done : 0;
    }
    strbuf_reset(&flow->out);
    flow->done = 0;
}

/* Moves all that can be moved, until one side has no more to read or the other takes no more. It
 * stops nowhere else, since only then may poll be asked: TLS reads a record at a time, may hold
 * more than poll sees, and says what to poll for (wire->wants) only when it has nothing. -1: the
 * relay is at its end. */
static int pass(struct smtp_relay *relay, struct flow *flow, struct smtp_wire *from,
                struct smtp_wire *to, gate_line *gate)
{
    char block[BLOCK];
    for (;;) {
        drain(to, flow);
        ssize_t got = pending(flow) ? WIRE_AGAIN : smtp_wire_read(from, block, sizeof block);
        if (got == WIRE_AGAIN)
            return 0;
        if (take(relay, flow, got, block, gate) != 0)
            return -1;
    }
}

/* The server is read last: wire->wants is then of this read. */
static int pump(struct smtp_relay *relay, struct smtp_wire *local, struct flow *to_server,
                struct flow *to_client)
{
    bool strict = relay->gate.wanted && !relay->gate.entered;
    if (pass(relay, to_server, local, relay->wire, strict ? smtp_gate_command : NULL) != 0)
        return -1;
    int result = pass(relay, to_client, relay->wire, local, smtp_gate_reply);
    return to_client->refused ? -1 : result;
}

/* Until libesmtp has had its say: smtp_relay_join ends this. */
static void swallow(int fd)
{
    char block[BLOCK];
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    shutdown(fd, SHUT_WR);
    for (ssize_t got = 1; got != 0;) {
        got = read(fd, block, sizeof block);
        if (got < 0 && errno == EAGAIN)
            poll(&poll_fd, 1, -1);
        else if (got < 0 && errno != EINTR)
            return;
    }
}

static void *run(void *context)
{
    struct smtp_relay *relay = context;
    struct smtp_wire local = {.fd = relay->fd};
    struct flow to_server = {0}, to_client = {0};
    while (pump(relay, &local, &to_server, &to_client) == 0) {
        short here = (short)(pending(&to_client) ? POLLOUT : 0);
        short there = (short)(pending(&to_server) ? POLLOUT : 0);
        here |= pending(&to_server) ? 0 : POLLIN;
        there |= pending(&to_client) ? 0 : relay->wire->wants;
        struct pollfd fds[] = {{.fd = relay->fd, .events = here},
                               {.fd = relay->wire->fd, .events = there}};
        if (poll(fds, 2, relay->over ? PATIENCE_MS : -1) == 0)
            break;
    }
    if (to_client.ended && relay->why.len == 0)
        strbuf_why(&relay->why, "it closed the connection");
    if (to_client.ended)
        swallow(relay->fd);
    shutdown(relay->fd, SHUT_RDWR);
    strbuf_clear(&to_server.in);
    strbuf_clear(&to_server.out);
    strbuf_clear(&to_client.in);
    strbuf_clear(&to_client.out);
    return NULL;
}

int smtp_relay_start(struct smtp_relay *relay, struct strbuf *why)
{
    int error = pthread_create(&relay->thread, NULL, run, relay);
    return error == 0 ? 0 : strbuf_why(why, "thread: %s", strerror(error));
}

void smtp_relay_join(struct smtp_relay *relay)
{
    shutdown(relay->fd, SHUT_RDWR); /* libesmtp is done */
    pthread_join(relay->thread, NULL);
    close(relay->fd);
}
