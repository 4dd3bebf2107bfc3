/* serve_test - places to listen at, and clients that do not behave. The clients and the service
 * share one thread: the loop runs for a moment whenever a client has done something. */
#include "spamgear/net/serve.h"

#include "spamgear/base/mem.h"
#include "spamgear/base/vec.h"
#include "test.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static struct loop *loop;
static char folder[] = "/tmp/spamgear-serve-XXXXXX", place[100];
static size_t longest; /* request that was seen */

/* A line is a request: "big" has a long answer, "end" is the last one. */
static size_t take(void *state, struct span bytes, struct strbuf *answer, bool *close_it)
{
    struct span line, rest = bytes;
    (void)state;
    longest = bytes.len > longest ? bytes.len : longest;
    if (memchr(bytes.at, '\n', bytes.len) == NULL || !span_take_line(&rest, &line))
        return 0;
    *close_it = span_is(line, SPAN("end"));
    for (int i = 0; i < 10000 && span_is(line, SPAN("big")); i++)
        strbuf_add_text(answer, "a hundred bytes and more are to be read by whoever asks for them,"
                                " and not all of those who ask do so");
    strbuf_format(answer, "%zu\n", line.len);
    return line.len + 1;
}

static void stop(void *state)
{
    loop_stop(state);
}

static void turn(int64_t ms)
{
    loop_every(loop, ms, stop, loop);
    loop_run(loop, NULL);
    loop_forget(loop, loop);
}

static struct serve *open_at(const char *at, struct serve_settings settings)
{
    struct strbuf why = {0};
    settings.place = at;
    settings.take = take;
    struct serve *serve = serve_open(loop, &settings, &why);
    if (serve == NULL)
        printf("%s\n", strbuf_text(&why));
    strbuf_clear(&why);
    return serve;
}

static int dial(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    close(fd);
    return -1;
}

static void say(int fd, const char *text)
{
    test_number("said", send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* What came: text, or "(nothing)", or "(end)". */
static const char *hear(int fd)
{
    static char text[1 << 16];
    turn(15);
    ssize_t got = recv(fd, text, sizeof text - 1, MSG_DONTWAIT);
    if (got <= 0)
        return got == 0 || errno == ECONNRESET ? "(end)" : "(nothing)";
    text[got] = '\0';
    return text;
}

static void test_requests(void)
{
    struct serve *serve = open_at(place, (struct serve_settings){0});
    int fd = dial(place), other = dial(place);
    say(fd, "four\nsix si\n");
    test_text("two at once", hear(fd), "4\n6\n");
    for (const char *c = "one by one\n"; *c != '\0'; c++) {
        test_text("not whole", hear(fd), "(nothing)");
        test_number("a byte", send(fd, c, 1, MSG_NOSIGNAL), 1);
    }
    test_text("byte by byte", hear(fd), "10\n");
    say(fd, "half");
    test_number("both are there", serve_clients(serve), 2);
    close(fd);
    say(other, "end\nmore\n");
    test_text("the last one", hear(other), "3\n");
    test_text("is the end", hear(other), "(end)");
    test_number("none is left", serve_clients(serve), 0);
    close(other);

    fd = dial(place);
    say(fd, "last words\n");
    shutdown(fd, SHUT_WR);
    test_text("who says no more is answered", hear(fd), "10\n");
    test_text("then it is the end", hear(fd), "(end)");
    close(fd);
    serve_close(serve);
    test_number("the file is gone", access(place, F_OK), -1);
}

static void test_pipeline(void)
{
    struct serve *serve = open_at(place, (struct serve_settings){.request_max = 4096});
    int fd = dial(place);
    size_t lines = 0, sent = 0;
    char text[1000];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = i % 2 == 0 ? 'x' : '\n';
    for (int i = 0; i < 200000 && lines < 100000; i++) {
        char got[8192];
        if (sent < 100000 && send(fd, text, sizeof text, MSG_NOSIGNAL) == sizeof text)
            sent += sizeof text / 2;
        turn(1);
        ssize_t len = recv(fd, got, sizeof got, MSG_DONTWAIT);
        for (ssize_t j = 0; j < len; j++)
            lines += got[j] == '\n';
    }
    test_number("every request has its answer", (int64_t)lines, 100000);
    close(fd);
    serve_close(serve);
}

static void test_too_long(void)
{
    struct serve *serve = open_at(place, (struct serve_settings){.request_max = 1000});
    int fd = dial(place);
    char text[1001];
    memset(text, 'x', sizeof text);
    longest = 0;
    test_number("said", send(fd, text, 999, MSG_NOSIGNAL), 999);
    test_text("it may become whole yet", hear(fd), "(nothing)");
    test_number("said", send(fd, text, 100, MSG_NOSIGNAL), 100);
    test_text("too long", hear(fd), "(end)");
    test_number("no more was looked at", (int64_t)longest, 1000);
    close(fd);
    serve_close(serve);
}

/* Somebody who asks and never reads: little is kept for him, and others are answered. */
static void test_never_reads(void)
{
    struct serve *serve = open_at(place, (struct serve_settings){.stall_ms = 1000});
    int fd = dial(place), other = dial(place);
    for (int i = 0; i < 1000 && send(fd, "big\nbig\nbig\nbig\n", 16, MSG_NOSIGNAL) > 0; i++)
        ;
    turn(20);
    say(other, "hello\n");
    test_text("others are answered", hear(other), "5\n");
    test_number("he is still there", serve_clients(serve), 2);
    turn(2100);
    test_number("for a while", serve_clients(serve), 1);
    say(other, "big\n");
    size_t all = 0;
    char got[4096];
    for (int i = 0; i < 2000 && all < 1000000; i++) {
        turn(1);
        for (ssize_t len; (len = recv(other, got, sizeof got, MSG_DONTWAIT)) > 0;)
            all += (size_t)len;
    }
    test_true("who reads slowly gets all", all > 1000000);
    close(fd);
    close(other);
    serve_close(serve);
}

static void test_many(void)
{
    struct serve *serve = open_at(place, (struct serve_settings){.clients_max = 100});
    int fds[150];
    for (int i = 0; i < 150; i++) {
        fds[i] = dial(place);
        if (i == 60) {
            turn(20);
            say(fds[0], "alive\n");
            test_text("one that lives", hear(fds[0]), "5\n");
        }
        if (i % 20 == 0)
            turn(5);
    }
    turn(20);
    test_number("no more than so many", serve_clients(serve), 100);
    say(fds[149], "new\n");
    test_text("the newest is served", hear(fds[149]), "3\n");
    say(fds[0], "old\n");
    test_text("who was alive stays", hear(fds[0]), "3\n");
    test_text("who was quiet for longest went", hear(fds[1]), "(end)");
    for (int i = 0; i < 150; i++)
        close(fds[i]);
    turn(20);
    test_number("all are gone", serve_clients(serve), 0);
    serve_close(serve);
}

static void test_idle(void)
{
    struct serve *serve = open_at(place, (struct serve_settings){.idle_ms = 200});
    int fd = dial(place);
    turn(1200);
    test_number("who says nothing goes", serve_clients(serve), 0);
    close(fd);
    serve_close(serve);
}

static int64_t cpu_ms(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
           (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
}

/* No descriptor is left for another client: that must not keep the loop busy. */
static void test_no_descriptors(void)
{
    struct serve *serve = open_at(place, (struct serve_settings){0});
    int fds[3] = {dial(place), dial(place), dial(place)};
    int next = dup(0);
    struct rlimit before, low;
    close(next);
    getrlimit(RLIMIT_NOFILE, &before);
    low = before;
    low.rlim_cur = (rlim_t)next + 1;
    setrlimit(RLIMIT_NOFILE, &low);
    int64_t cpu = cpu_ms();
    turn(1200);
    test_true("it does not spin", cpu_ms() - cpu < 400);
    test_number("one found room", serve_clients(serve), 1);
    setrlimit(RLIMIT_NOFILE, &before);
    turn(1100);
    test_number("the others come in when there is", serve_clients(serve), 3);
    for (int i = 0; i < 3; i++)
        close(fds[i]);
    serve_close(serve);
}

static void test_refused(const char *name, const char *at, struct serve_settings settings,
                         const char *want)
{
    struct strbuf why = {0};
    settings.place = at;
    settings.take = take;
    struct serve *serve = serve_open(loop, &settings, &why);
    test_true(name, serve == NULL);
    test_true(want, strstr(strbuf_text(&why), want) != NULL);
    serve_close(serve);
    strbuf_clear(&why);
}

static void test_files(void)
{
    struct serve_settings none = {0};
    struct stat st;
    char link_place[120];
    mode_t mask = umask(0);
    struct serve *serve = open_at(place, (struct serve_settings){.mode = 0620, .group = "nogroup"});
    test_number("the file is there", lstat(place, &st), 0);
    test_number("with its mode", st.st_mode & 07777, 0620);
    test_true("and its group", geteuid() != 0 || st.st_gid == 65534);
    umask(mask);
    test_refused("it is in use", place, none, "another program listens there");
    serve_close(serve);

    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, place, strlen(place));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    test_number("a socket", bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    close(fd); /* and nobody listens */
    serve = open_at(place, none);
    test_true("a dead one is replaced", serve != NULL);
    fd = dial(place);
    say(fd, "hello\n");
    test_text("and works", hear(fd), "5\n");
    close(fd);
    test_number("somebody takes its place", unlink(place), 0);
    fd = open(place, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    close(fd);
    serve_close(serve);
    test_number("whose file stays", access(place, F_OK), 0);
    test_refused("a file", place, none, "no socket");
    unlink(place);

    snprintf(link_place, sizeof link_place, "%s/link", folder);
    test_number("a link", symlink(place, link_place), 0);
    test_refused("a symbolic link", link_place, none, "no socket");
    unlink(link_place);
    test_refused("no folder", "/nonexistent/policy", none, "/nonexistent/policy");
    test_refused("no group", place, (struct serve_settings){.group = "no such group"},
                 "no such group");
    test_number("nothing is left", rmdir(folder), 0);
    test_number("the folder again", mkdir(folder, 0700), 0);
}

static int dial_port(unsigned port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    test_number("connected", connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static void test_loopback(void)
{
    struct serve_settings none = {0};
    struct serve *serve = open_at("127.0.0.1:0", none);
    test_true("a port", serve != NULL && serve_port(serve) != 0);
    int fd = dial_port(serve_port(serve));
    say(fd, "hello\n");
    test_text("by TCP", hear(fd), "5\n");
    const struct linger reset = {.l_onoff = 1};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    say(fd, "big\n");
    close(fd); /* a reset */
    turn(20);
    test_number("a reset ends it", serve_clients(serve), 0);
    serve_close(serve);
    test_refused("all addresses", "0.0.0.0:9199", none, "only addresses of this machine");
    test_refused("all addresses", "[::]:9199", none, "only addresses of this machine");
    test_refused("others", "192.0.2.1:9199", none, "only addresses of this machine");
    static const char *const bad[] = {"",
                                      ":9199",
                                      "127.0.0.1",
                                      "127.0.0.1:",
                                      "127.0.0.1:65536",
                                      "127.0.0.1:9199x",
                                      "localhost:9199",
                                      "unix:policy",
                                      "[127.0.0.1]:9199",
                                      "::1:9199"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        test_refused(bad[i], bad[i], none, bad[i]);
}

int main(void)
{
    if (mkdtemp(folder) == NULL)
        return 1;
    snprintf(place, sizeof place, "%s/policy", folder);
    loop = loop_new(NULL);
    test_requests();
    test_pipeline();
    test_too_long();
    test_never_reads();
    test_many();
    test_idle();
    test_no_descriptors();
    test_files();
    test_loopback();
    loop_free(loop);
    test_number("nothing is left in the folder", rmdir(folder), 0);
    return test_end();
}
