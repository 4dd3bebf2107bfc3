/* postlog_ask - `postlog status`: what the daemon says of itself, or what is left of it. */
#include "postlog_daemon.h"

#include "spamgear/base/clock.h"
#include "spamgear/base/diag.h"
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define ANSWER_MS  5000
#define ANSWER_MAX (1u << 20)

enum { STATUS_WELL, STATUS_TROUBLE, STATUS_GONE };

static int connect_to(const char *path, struct strbuf *why)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strncmp(path, "unix:", 5) == 0)
        path += 5;
    if (strlen(path) >= sizeof address.sun_path)
        return strbuf_why(why, "%s: too long for a socket", path);
    memcpy(address.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    strbuf_why(why, "%s: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

static bool read_answer(int fd, struct strbuf *answer)
{
    int64_t deadline = clock_steady_ms() + ANSWER_MS;
    char block[4096];
    while (answer->len < ANSWER_MAX) {
        struct pollfd ask = {.fd = fd, .events = POLLIN};
        int64_t left = deadline - clock_steady_ms();
        if (left <= 0 || poll(&ask, 1, (int)left) <= 0)
            return false;
        ssize_t got = recv(fd, block, sizeof block, 0);
        if (got <= 0)
            return got == 0;
        strbuf_add(answer, block, (size_t)got);
    }
    return false;
}

/* The body of the daemon's page. 0, or -1 with why. */
static int fetch_page(const char *socket, const char *page, struct strbuf *body, struct strbuf *why)
{
    struct strbuf text = {0};
    int fd = connect_to(socket, why);
    if (fd < 0)
        return -1;
    strbuf_format(&text, "GET %s HTTP/1.0\r\n\r\n", page);
    ssize_t sent = send(fd, text.data, text.len, MSG_NOSIGNAL);
    bool whole = sent == (ssize_t)text.len;
    strbuf_reset(&text);
    whole = whole && read_answer(fd, &text);
    close(fd);
    const char *end = span_find(strbuf_span(&text), SPAN("\r\n\r\n"));
    bool good = whole && end != NULL && strncmp(strbuf_text(&text), "HTTP/1.", 7) == 0 &&
                strncmp(text.data + 8, " 200", 4) == 0;
    if (good)
        strbuf_add_span(body, span_of(end + 4, text.data + text.len));
    else
        strbuf_why(why, "%s: the daemon does not answer", socket);
    strbuf_clear(&text);
    return good ? 0 : -1;
}

/* ---- without a daemon ---- */

static void tell_state(const struct postlog_plan *plan, bool json)
{
    uint64_t newest = 0, rows = 0, bytes = 0, sent = 0;
    struct strbuf why = {0};
    struct state_reader *reader = state_reader_open(plan->store.state, &why);
    bool known = reader != NULL && state_reader_size(reader, &newest, &rows, &bytes, &why) == 0 &&
                 state_reader_sent(reader, &sent, &why) == 0;
    uint64_t waiting = plan->store.feeds && newest > sent ? newest - sent : 0;
    waiting = waiting < rows ? waiting : rows; /* numbers begin anywhere */
    if (json && known)
        printf("{\"schema\":1,\"running\":false,\"well\":false,\"rows\":%" PRIu64
               ",\"bytes\":%" PRIu64 ",\"database_waiting\":%" PRIu64 "}\n",
               rows, bytes, waiting);
    else if (json)
        puts("{\"schema\":1,\"running\":false,\"well\":false}");
    else
        puts("not running");
    if (!json && known)
        printf("state     %" PRIu64 " rows in %" PRIu64 " bytes, %" PRIu64
               " of them wait for the database\n",
               rows, bytes, waiting);
    if (!known && why.len > 0)
        diag_warn("%s", strbuf_text(&why));
    if (reader != NULL)
        state_reader_close(reader);
    strbuf_clear(&why);
}

int postlog_status_ask(const struct postlog_plan *plan)
{
    bool json = plan->set->format == 1;
    struct strbuf body = {0}, why = {0};
    int status = STATUS_GONE;
    if (fetch_page(plan->set->socket, json ? "/status.json" : "/status", &body, &why) == 0) {
        struct span well = json ? SPAN("\"well\":true") : SPAN("running, well");
        struct span start = {body.data, body.len < 200 ? body.len : 200};
        fwrite(strbuf_text(&body), 1, body.len, stdout);
        status = span_find(start, well) != NULL ? STATUS_WELL : STATUS_TROUBLE;
    } else {
        diag_warn("%s", strbuf_text(&why));
        tell_state(plan, json);
    }
    strbuf_clear(&body);
    strbuf_clear(&why);
    return status;
}
