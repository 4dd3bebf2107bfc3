/* logd - a datagram, or a line of a stream (syslog-ng), to a socket like /dev/log. */
#include "spamgear/net/logd.h"

#include "spamgear/base/clock.h"
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

static int connect_to(const struct sockaddr_un *address, int type)
{
    int fd = socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (connect(fd, (const struct sockaddr *)address, sizeof *address) == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

/* The one or the other, as the daemon has it. */
static int open_socket(const char *path, bool *is_stream, struct strbuf *why)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return strbuf_why(why, "%s: the name is too long for a socket", path);
    memcpy(address.sun_path, path, strlen(path));

    int fd = connect_to(&address, SOCK_DGRAM);
    if (fd < 0 && errno == EPROTOTYPE) {
        *is_stream = true;
        fd = connect_to(&address, SOCK_STREAM);
    }
    return fd >= 0 ? fd : strbuf_why(why, "%s: %s", path, strerror(errno));
}

/* "<22>TAG[123]: ": without a time, since the daemon's own counts anyway (RFC 3164, 4.3.2). */
static void add_head(struct strbuf *out, const char *tag)
{
    strbuf_format(out, "<%d>%s[%d]: ", LOG_MAIL | LOG_INFO, tag, (int)getpid());
}

static int send_all(int fd, struct span bytes, int wait_ms)
{
    int64_t deadline = clock_steady_ms() + wait_ms;
    while (bytes.len > 0) {
        ssize_t sent = send(fd, bytes.at, bytes.len, MSG_NOSIGNAL);
        if (sent >= 0) {
            bytes = span_skip(bytes, (size_t)sent);
            continue;
        }
        int64_t left = deadline - clock_steady_ms();
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN || left <= 0 ||
            poll(&(struct pollfd){fd, POLLOUT, 0}, 1, (int)left) == 0)
            return -1;
    }
    return 0;
}

int logd_send(const char *socket_path, const char *tag, struct span text, int wait_ms,
              struct strbuf *why)
{
    struct strbuf line = {0};
    bool is_stream = false;
    int fd = open_socket(socket_path, &is_stream, why);
    if (fd < 0)
        return -1;
    add_head(&line, tag);
    strbuf_add_span(&line, text);
    if (is_stream)
        strbuf_add_char(&line, '\0'); /* ends a message on stream sockets, as syslog(3) does */
    int result = send_all(fd, strbuf_span(&line), wait_ms);
    if (result != 0)
        strbuf_why(why, "%s: %s", socket_path, strerror(errno));
    strbuf_clear(&line);
    close(fd);
    return result;
}
