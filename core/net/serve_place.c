/* serve_place - a socket to listen on, below a path or at a loopback address.
 *
 * A socket file is made under another name, gets its group and mode, listens, and only then is
 * moved to its place: nobody can connect with rights that he is not to have, and a client finds
 * either no service or a working one. Its folder may belong to somebody else (Postfix' queue folder
 * does), who could put another thing there at any moment: so group and mode are given through a
 * descriptor that was seen to be a socket.
 */
#include "serve_parts.h"

#include "spamgear/base/addr.h"
#include "spamgear/base/mem.h"
#include "spamgear/base/path.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define MODE 0660

/* ---- socket files ---- */

static int find_group(const char *name, gid_t *gid, struct strbuf *why)
{
    struct group group, *found = NULL;
    unsigned long long number;
    if (span_number(span_text(name), &number) && number < UINT32_MAX) {
        *gid = (gid_t)number;
        return 0;
    }
    size_t size = 1u << 16;
    char *memory = mem_alloc(size);
    int error = getgrnam_r(name, &group, memory, size, &found);
    if (found != NULL)
        *gid = found->gr_gid;
    free(memory);
    if (error != 0)
        return strbuf_why(why, "cannot look up group %s: %s", name, strerror(error));
    return found != NULL ? 0 : strbuf_why(why, "there is no group %s", name);
}

/* The name in the folder whatever the length of its path; it must fit itself. */
static int address_of(int folder, const char *name, struct sockaddr_un *address)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    int len =
        snprintf(address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d/%s", folder, name);
    return len > 0 && (size_t)len < sizeof address->sun_path ? 0 : -1;
}

/* Does nobody listen at the socket file that stands there? 1, 0; -1: cannot tell. */
static int is_stale(const struct serve_place *place)
{
    struct sockaddr_un address;
    if (address_of(place->folder, place->name, &address) != 0)
        return -1;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    int result = connect(fd, (struct sockaddr *)&address, sizeof address);
    int error = errno;
    close(fd);
    return result == 0 || error == EAGAIN ? 0 : error == ECONNREFUSED ? 1 : -1;
}

/* 0: the place is free, 1: a dead socket is to be replaced, -1 with why. */
static int look_at_place(const struct serve_place *place, struct strbuf *why)
{
    struct stat st;
    if (fstatat(place->folder, place->name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? 0 : strbuf_why(why, "%s", strerror(errno));
    if (!S_ISSOCK(st.st_mode))
        return strbuf_why(why, "something that is no socket stands there");
    int stale = is_stale(place);
    if (stale == 0)
        return strbuf_why(why, "another program listens there");
    return stale == 1 ? 1 : strbuf_why(why, "cannot tell whether another program listens there");
}

/* Group and mode of the file that was bound, which must be the one that is there. */
static int give_rights(struct serve_place *place, const char *name,
                       const struct serve_settings *settings, struct strbuf *why)
{
    gid_t gid = (gid_t)-1;
    char link[64];
    if (settings->group != NULL && find_group(settings->group, &gid, why) != 0)
        return -1;
    int fd = openat(place->folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    int result = -1;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    if (fd < 0 || fstat(fd, &place->st) != 0)
        strbuf_why(why, "cannot look at it: %s", strerror(errno));
    else if (!S_ISSOCK(place->st.st_mode))
        strbuf_why(why, "somebody replaced it");
    else if (gid != (gid_t)-1 && fchownat(fd, "", (uid_t)-1, gid, AT_EMPTY_PATH) != 0)
        strbuf_why(why, "cannot give it to group %s: %s", settings->group, strerror(errno));
    else if (chmod(link, settings->mode != 0 ? settings->mode : MODE) != 0)
        strbuf_why(why, "cannot set its mode: %s", strerror(errno));
    else
        result = 0;
    if (fd >= 0)
        close(fd);
    return result;
}

static int listen_and_move(struct serve_place *place, const char *temp, struct strbuf *why)
{
    int stands = look_at_place(place, why);
    if (stands < 0)
        return -1;
    if (listen(place->fd, SOMAXCONN) != 0)
        return strbuf_why(why, "cannot listen: %s", strerror(errno));
    int moved = stands == 1
                    ? renameat(place->folder, temp, place->folder, place->name)
                    : renameat2(place->folder, temp, place->folder, place->name, RENAME_NOREPLACE);
    return moved == 0 ? 0 : strbuf_why(why, "cannot put it in place: %s", strerror(errno));
}

static int bind_file(struct serve_place *place, const struct serve_settings *settings,
                     struct strbuf *why)
{
    struct sockaddr_un address;
    char temp[64];
    snprintf(temp, sizeof temp, ".spamgear-%ld-%d", (long)getpid(), place->folder);
    if (address_of(place->folder, temp, &address) != 0)
        return strbuf_why(why, "its name is too long");
    fchmod(place->fd, 0600); /* what bind gives the file, until it has its own rights */
    if (bind(place->fd, (struct sockaddr *)&address, sizeof address) != 0)
        return strbuf_why(why, "cannot make it: %s", strerror(errno));
    if (give_rights(place, temp, settings, why) == 0 && listen_and_move(place, temp, why) == 0)
        return 0;
    unlinkat(place->folder, temp, 0);
    return -1;
}

static int open_file(struct serve_place *place, const char *path,
                     const struct serve_settings *settings, struct strbuf *why)
{
    const char *name;
    if (path[0] != '/')
        return strbuf_why(why, "the path of a socket begins with /");
    place->folder = path_open_parent(AT_FDCWD, path, &name, why);
    if (place->folder < 0)
        return -1;
    place->name = mem_text(name);
    place->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return place->fd >= 0 ? bind_file(place, settings, why)
                          : strbuf_why(why, "cannot make a socket: %s", strerror(errno));
}

/* ---- loopback ---- */

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* "127.0.0.1:9199" and "[::1]:9199"; the length, or 0. */
static socklen_t read_address(const char *text, union address *to)
{
    const char *colon = strrchr(text, ':');
    unsigned long long port;
    char host[64];
    if (colon == NULL || !span_number(span_text(colon + 1), &port) || port > 65535)
        return 0;
    bool is_v6 = text[0] == '[' && colon > text && colon[-1] == ']';
    struct span name = is_v6 ? span_of(text + 1, colon - 1) : span_of(text, colon);
    if (name.len >= sizeof host)
        return 0;
    memcpy(host, name.at, name.len);
    host[name.len] = '\0';
    memset(to, 0, sizeof *to);
    to->any.sa_family = is_v6 ? AF_INET6 : AF_INET;
    *(is_v6 ? &to->v6.sin6_port : &to->v4.sin_port) = htons((uint16_t)port);
    void *bytes = is_v6 ? (void *)&to->v6.sin6_addr : (void *)&to->v4.sin_addr;
    if (inet_pton(to->any.sa_family, host, bytes) != 1)
        return 0;
    return is_v6 ? sizeof to->v6 : sizeof to->v4;
}

static bool is_loopback(const union address *address)
{
    return address->any.sa_family == AF_INET6 ? IN6_IS_ADDR_LOOPBACK(&address->v6.sin6_addr)
                                              : ntohl(address->v4.sin_addr.s_addr) >> 24 == 127;
}

static socklen_t read_loopback(const char *text, union address *address, struct strbuf *why)
{
    socklen_t len = read_address(text, address);
    if (len == 0)
        strbuf_why(why, "it is neither unix:/PATH nor 127.0.0.1:PORT nor [::1]:PORT");
    else if (!is_loopback(address))
        strbuf_why(why, "only addresses of this machine (127.0.0.1, ::1) are listened on");
    return len > 0 && is_loopback(address) ? len : 0;
}

static int open_loopback(struct serve_place *place, const char *text, struct strbuf *why)
{
    union address address;
    int yes = 1;
    socklen_t len = read_loopback(text, &address, why);
    if (len == 0)
        return -1;
    place->fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (place->fd < 0)
        return strbuf_why(why, "cannot make a socket: %s", strerror(errno));
    setsockopt(place->fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    setsockopt(place->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes); /* clients inherit it */
    if (bind(place->fd, &address.any, len) != 0 || listen(place->fd, SOMAXCONN) != 0 ||
        getsockname(place->fd, &address.any, &len) != 0)
        return strbuf_why(why, "cannot listen: %s", strerror(errno));
    place->port =
        ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port : address.v4.sin_port);
    return 0;
}

/* ---- both ---- */

int serve_check(const char *place, struct strbuf *why)
{
    union address address;
    struct strbuf reason = {0};
    bool is_unix = strncmp(place, "unix:", 5) == 0;
    const char *text = is_unix || strncmp(place, "inet:", 5) == 0 ? place + 5 : place;
    bool good = text[0] == '/' || (!is_unix && read_loopback(text, &address, &reason) > 0);
    if (!good)
        strbuf_why(why, "%s: %s", place,
                   is_unix ? "the path of a socket begins with /" : strbuf_text(&reason));
    strbuf_clear(&reason);
    return good ? 0 : -1;
}

int serve_place_open(struct serve_place *place, const struct serve_settings *settings,
                     struct strbuf *why)
{
    struct strbuf reason = {0};
    const char *text = settings->place;
    *place = (struct serve_place){.fd = -1, .folder = -1};
    bool is_file = text[0] == '/' || strncmp(text, "unix:", 5) == 0;
    if (strncmp(text, "unix:", 5) == 0 || strncmp(text, "inet:", 5) == 0)
        text += 5;
    int result =
        is_file ? open_file(place, text, settings, &reason) : open_loopback(place, text, &reason);
    if (result != 0) {
        strbuf_why(why, "%s: %s", settings->place, strbuf_text(&reason));
        place->st = (struct stat){0};
        serve_place_close(place);
    }
    strbuf_clear(&reason);
    return result;
}

void serve_place_close(struct serve_place *place)
{
    struct stat st;
    if (place->folder >= 0 && place->st.st_ino != 0 &&
        fstatat(place->folder, place->name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
        path_same_inode(&st, &place->st))
        unlinkat(place->folder, place->name, 0);
    if (place->fd >= 0)
        close(place->fd);
    if (place->folder >= 0)
        close(place->folder);
    free(place->name);
    *place = (struct serve_place){.fd = -1, .folder = -1};
}
