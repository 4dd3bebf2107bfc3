/* serve - one listening socket and its clients on a loop.
 *
 * Clients stand in the order of their last sign of life. When there are too many the one that was
 * quiet for longest goes: a mail server opens another connection when it needs one, and whoever
 * only holds connections open cannot keep it out. While answers wait to be read no more is taken
 * from that client, and after a while it is dropped.
 */
#include "serve_parts.h"

#include "spamgear/base/clock.h"
#include "spamgear/base/mem.h"
#include "spamgear/net/serve.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define REQUEST_MAX (64u << 10)
#define CLIENTS_MAX 500
#define ANSWER_MAX  (64u << 10) /* that waits; then no more requests are taken */
#define CHUNK       (16u << 10)
#define STALL_MS    10000
#define TICK_MS     500
#define ACCEPTS     16 /* at one look */

struct client {
    struct serve *serve;
    struct client *next, *before; /* next: lived later */
    struct loop_watch *watch;
    int fd;
    struct strbuf in, out;
    size_t out_done; /* of out, sent already */
    int64_t lived_ms;
    bool closing; /* when all is sent */
};

struct serve {
    struct serve_settings settings;
    struct serve_place place;
    struct loop *loop;
    struct loop_watch *watch;
    struct client *oldest, *newest;
    unsigned clients;
    bool paused; /* no descriptor was left for another client */
};

/* ---- the list ---- */

static void unlink_client(struct client *client)
{
    struct serve *serve = client->serve;
    *(client->before != NULL ? &client->before->next : &serve->oldest) = client->next;
    *(client->next != NULL ? &client->next->before : &serve->newest) = client->before;
}

static void link_newest(struct client *client)
{
    struct serve *serve = client->serve;
    client->lived_ms = clock_steady_ms();
    client->next = NULL;
    client->before = serve->newest;
    *(serve->newest != NULL ? &serve->newest->next : &serve->oldest) = client;
    serve->newest = client;
}

static void touch(struct client *client)
{
    unlink_client(client);
    link_newest(client);
}

static void resume(struct serve *serve)
{
    if (serve->paused)
        loop_change(serve->watch, LOOP_READ);
    serve->paused = false;
}

static void drop(struct client *client)
{
    struct serve *serve = client->serve;
    unlink_client(client);
    loop_remove(client->watch);
    close(client->fd);
    strbuf_clear(&client->in);
    strbuf_clear(&client->out);
    free(client);
    serve->clients--;
    resume(serve);
}

/* ---- one client ---- */

/* Takes requests off what was read, while their answers fit. */
static void take_requests(struct client *client)
{
    struct serve *serve = client->serve;
    struct span rest = strbuf_span(&client->in);
    while (rest.len > 0 && !client->closing && client->out.len < ANSWER_MAX) {
        size_t took =
            serve->settings.take(serve->settings.state, rest, &client->out, &client->closing);
        if (took == 0 && rest.len >= serve->settings.request_max)
            client->closing = true;
        if (took == 0)
            break;
        rest = span_skip(rest, took < rest.len ? took : rest.len);
    }
    if (rest.len > 0 && rest.len < client->in.len)
        memmove(client->in.data, rest.at, rest.len);
    client->in.len = rest.len;
    if (client->in.data != NULL)
        client->in.data[rest.len] = '\0';
}

/* False: it is gone. */
static bool send_answers(struct client *client)
{
    while (client->out_done < client->out.len) {
        ssize_t sent = send(client->fd, client->out.data + client->out_done,
                            client->out.len - client->out_done, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return errno == EAGAIN;
        client->out_done += (size_t)sent;
    }
    if (client->out.cap > ANSWER_MAX)
        strbuf_clear(&client->out);
    strbuf_reset(&client->out);
    client->out_done = 0;
    return true;
}

/* Answers what can be answered, and waits for what is next. */
static void serve_client(struct client *client)
{
    size_t before;
    do {
        before = client->in.len;
        take_requests(client);
        if (!send_answers(client)) {
            drop(client);
            return;
        }
    } while (client->out.len == 0 && !client->closing && client->in.len > 0 &&
             client->in.len < before);
    if (client->closing && client->out.len == 0)
        drop(client);
    else
        loop_change(client->watch, client->out.len > 0 ? LOOP_WRITE : LOOP_READ);
}

/* False: nothing came. */
static bool read_more(struct client *client)
{
    char chunk[CHUNK];
    size_t room = client->serve->settings.request_max - client->in.len;
    ssize_t got = recv(client->fd, chunk, room < sizeof chunk ? room : sizeof chunk, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (got > 0)
        strbuf_add(&client->in, chunk, (size_t)got);
    else
        client->closing = true;
    return true;
}

static void client_ready(void *state, unsigned events)
{
    struct client *client = state;
    if (events & LOOP_READ && !read_more(client))
        return;
    if (events & LOOP_GONE && !(events & LOOP_READ))
        drop(client);
    else if (client->closing && client->out.len == 0)
        drop(client);
    else {
        touch(client);
        serve_client(client);
    }
}

/* ---- all of them ---- */

static void add_client(struct serve *serve, int fd)
{
    struct client *client = mem_zero(1, sizeof *client);
    client->serve = serve;
    client->fd = fd;
    client->watch = loop_add(serve->loop, fd, LOOP_READ, client_ready, client, NULL);
    if (client->watch == NULL) {
        close(fd);
        free(client);
        return;
    }
    link_newest(client);
    serve->clients++;
    if (serve->clients > serve->settings.clients_max)
        drop(serve->oldest);
}

static bool has_no_room(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

static void accept_clients(void *state, unsigned events)
{
    struct serve *serve = state;
    (void)events;
    for (int i = 0; i < ACCEPTS; i++) {
        int fd = accept4(serve->place.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0 && has_no_room(errno)) { /* it would be told again at once, for ever */
            serve->paused = true;
            loop_change(serve->watch, 0);
        }
        if (fd < 0)
            return;
        add_client(serve, fd);
    }
}

static bool is_late(const struct client *client, int64_t now_ms)
{
    int64_t quiet_ms = now_ms - client->lived_ms;
    int idle_ms = client->serve->settings.idle_ms;
    return (client->out.len > 0 && quiet_ms > client->serve->settings.stall_ms) ||
           (idle_ms > 0 && quiet_ms > idle_ms);
}

static void tick(void *state)
{
    struct serve *serve = state;
    int64_t now_ms = clock_steady_ms();
    resume(serve);
    for (struct client *client = serve->oldest, *next; client != NULL; client = next) {
        next = client->next;
        if (is_late(client, now_ms))
            drop(client);
    }
}

struct serve *serve_open(struct loop *loop, const struct serve_settings *settings,
                         struct strbuf *why)
{
    struct serve *serve = mem_zero(1, sizeof *serve);
    serve->settings = *settings;
    serve->loop = loop;
    if (settings->request_max == 0)
        serve->settings.request_max = REQUEST_MAX;
    if (settings->clients_max == 0)
        serve->settings.clients_max = CLIENTS_MAX;
    if (settings->stall_ms == 0)
        serve->settings.stall_ms = STALL_MS;
    if (serve_place_open(&serve->place, settings, why) != 0) {
        free(serve);
        return NULL;
    }
    serve->watch = loop_add(loop, serve->place.fd, LOOP_READ, accept_clients, serve, why);
    if (serve->watch == NULL) {
        serve_place_close(&serve->place);
        free(serve);
        return NULL;
    }
    loop_every(loop, TICK_MS, tick, serve);
    return serve;
}

void serve_close(struct serve *serve)
{
    if (serve == NULL)
        return;
    while (serve->oldest != NULL)
        drop(serve->oldest);
    loop_forget(serve->loop, serve);
    loop_remove(serve->watch);
    serve_place_close(&serve->place);
    free(serve);
}

unsigned serve_clients(const struct serve *serve)
{
    return serve->clients;
}

unsigned serve_port(const struct serve *serve)
{
    return serve->place.port;
}
