/* clamd_connect - a connection to a clamd, by a deadline. */
#include "clamd_parts.h"

#include "spamgear/base/clock.h"
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define ANSWER_MAX   512
#define CONNECT_WAIT 5 /* ms between two tries when the socket's queue is full */

/* Waits for events until the deadline (clock_steady_ms): false when it passed. */
bool clamd_wait(int fd, short events, int64_t deadline)
{
    struct pollfd ask = {.fd = fd, .events = events};
    for (;;) {
        int64_t left = deadline - clock_steady_ms();
        int got = poll(&ask, 1, left <= 0 ? 0 : left > 60000 ? 60000 : (int)left);
        if (got > 0)
            return true;
        if (got < 0 && errno != EINTR)
            return false;
        if (left <= 0)
            return false;
    }
}

/* Waits for a connection under way. 0, or the error. */
static int connected(int fd, int64_t deadline)
{
    int error = 0;
    socklen_t len = sizeof error;
    if (!clamd_wait(fd, POLLOUT, deadline))
        return ETIMEDOUT;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 ? error : errno;
}

/* A socket connected to an address. A unix socket whose queue is full says EAGAIN at once. -1 with
 * errno. */
static int connect_to(const struct sockaddr *address, socklen_t len, int64_t deadline)
{
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    int error;
    while ((error = connect(fd, address, len) == 0 ? 0 : errno) == EAGAIN &&
           clock_steady_ms() < deadline)
        poll(NULL, 0, CONNECT_WAIT);
    if (error == EINPROGRESS || error == EINTR)
        error = connected(fd, deadline);
    if (error == 0)
        return fd;
    close(fd);
    errno = error;
    return -1;
}

static int connect_unix(const char *path, int64_t deadline)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = strlen(path);
    if (len >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(address.sun_path, path, len);
    return connect_to((const struct sockaddr *)&address, sizeof address, deadline);
}

static int connect_tcp(const struct clamd_place *place, int64_t deadline)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_family = AF_UNSPEC}, *list;
    int fd = -1, status = getaddrinfo(place->host, place->port, &hints, &list);
    if (status != 0) {
        errno = status == EAI_SYSTEM ? errno : EADDRNOTAVAIL;
        return -1;
    }
    for (struct addrinfo *a = list; a != NULL && fd < 0; a = a->ai_next)
        fd = connect_to(a->ai_addr, a->ai_addrlen, deadline);
    int error = errno;
    freeaddrinfo(list);
    errno = error;
    return fd;
}

int clamd_connect(const struct clamd_place *place, int64_t deadline, struct strbuf *why)
{
    int fd = place->socket != NULL ? connect_unix(place->socket, deadline)
                                   : connect_tcp(place, deadline);
    if (fd >= 0)
        return fd;
    struct strbuf where = {0};
    int error = errno;
    clamd_place_describe(place, &where);
    strbuf_why(why, "clamd at %s: %s", strbuf_text(&where), strerror(error));
    strbuf_clear(&where);
    return -1;
}

/* One command outside of a session; answer gets what comes up to the NUL. 0, or -1 with why. */
static int ask_once(const struct clamd_place *place, struct span command, int wait_ms,
                    struct strbuf *answer, struct strbuf *why)
{
    char buffer[ANSWER_MAX];
    ssize_t got = 1;
    int64_t deadline = clock_steady_ms() + wait_ms;
    bool whole = false;
    int fd = clamd_connect(place, deadline, why);
    if (fd < 0)
        return -1;
    if (send(fd, command.at, command.len, MSG_NOSIGNAL) == (ssize_t)command.len)
        while (!whole && answer->len < ANSWER_MAX && got > 0 && clamd_wait(fd, POLLIN, deadline)) {
            got = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
            size_t len = got > 0 ? strnlen(buffer, (size_t)got) : 0;
            strbuf_add(answer, buffer, len);
            whole = got > 0 && len < (size_t)got;
        }
    close(fd);
    return whole ? 0 : strbuf_why(why, "clamd gives no answer");
}

bool clamd_answers(const struct clamd_place *place, int wait_ms)
{
    struct strbuf answer = {0};
    bool pong =
        ask_once(place, (struct span){"zPING", sizeof "zPING"}, wait_ms, &answer, NULL) == 0 &&
        span_is(strbuf_span(&answer), SPAN("PONG"));
    strbuf_clear(&answer);
    return pong;
}

int clamd_version(const struct clamd_place *place, int wait_ms, struct strbuf *version,
                  struct strbuf *why)
{
    strbuf_reset(version);
    if (ask_once(place, (struct span){"zVERSION", sizeof "zVERSION"}, wait_ms, version, why) != 0)
        return -1;
    if (!span_has_prefix(strbuf_span(version), SPAN("ClamAV ")))
        return strbuf_why(why, "what listens there is no clamd");
    return 0;
}
