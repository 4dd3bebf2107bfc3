/* notify - sd_notify(3) without its library: one datagram to a unix socket, whose name may be in
 * the abstract namespace ('@'). */
#include "spamgear/net/notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int address_of(const char *name, struct sockaddr_un *address, socklen_t *len,
                      struct strbuf *why)
{
    size_t name_len = strlen(name);
    bool is_abstract = name[0] == '@';
    if ((name[0] != '/' && !is_abstract) || name_len < 2 || name_len >= sizeof address->sun_path)
        return strbuf_why(why, "NOTIFY_SOCKET is no socket that can be used");
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(address->sun_path, name, name_len);
    if (is_abstract)
        address->sun_path[0] = '\0';
    *len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + name_len + (is_abstract ? 0 : 1));
    return 0;
}

int notify_send(const char *lines, struct strbuf *why)
{
    const char *name = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address;
    socklen_t len = 0;
    if (name == NULL || name[0] == '\0')
        return 0;
    if (address_of(name, &address, &len, why) != 0)
        return -1;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ssize_t sent = -1;
    if (fd >= 0) /* a manager that does not read must not stop us */
        sent = sendto(fd, lines, strlen(lines), MSG_NOSIGNAL | MSG_DONTWAIT,
                      (struct sockaddr *)&address, len);
    int error = errno;
    if (fd >= 0)
        close(fd);
    return sent >= 0 ? 0 : strbuf_why(why, "cannot tell the service manager: %s", strerror(error));
}

int64_t notify_watchdog_ms(void)
{
    unsigned long long usec, pid;
    const char *meant = getenv("WATCHDOG_PID");
    if (!span_number(span_text(getenv("WATCHDOG_USEC")), &usec) || usec > INT64_MAX)
        return 0;
    if (meant != NULL && (!span_number(span_text(meant), &pid) || pid != (unsigned)getpid()))
        return 0;
    return usec < 2000 ? (usec > 0) : (int64_t)(usec / 2000);
}
