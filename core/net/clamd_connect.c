/* clamd_connect - a connection to a clamd, by a deadline. */
#include "clamd_parts.h"

#include "spamgear/base/clock.h"
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

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

bool clamd_answers(const struct clamd_place *place, int wait_ms)
{
    static const char ping[] = "zPING", pong[] = "PONG"; /* with their NUL */
    char answer[sizeof pong];
    size_t len = 0;
    ssize_t got = 1;
    int64_t deadline = clock_steady_ms() + wait_ms;
    int fd = clamd_connect(place, deadline, NULL);
    if (fd < 0)
        return false;
    if (send(fd, ping, sizeof ping, MSG_NOSIGNAL) == (ssize_t)sizeof ping)
        while (len < sizeof answer && got > 0 && clamd_wait(fd, POLLIN, deadline)) {
            got = recv(fd, answer + len, sizeof answer - len, MSG_DONTWAIT);
            len += got > 0 ? (size_t)got : 0;
        }
    close(fd);
    return len == sizeof pong && memcmp(answer, pong, len) == 0;
}
