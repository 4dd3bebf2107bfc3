/* source_apart - bytes through one pipe, the outcome through another.
 *
 * The child says OPENED on the first pipe and then gives bytes; at the end it says DONE on
 * the second, or why it failed. A child that says neither has died: its source is never
 * taken for whole, whoever waits for the process.
 */
#include "spamgear/log/source_apart.h"

#include "spamgear/base/clock.h"
#include "spamgear/base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OPENED = '+', DONE = '.' };

#define BLOCK   65536
#define LONGEST 4096 /* bytes of an outcome, which a pipe takes without waiting */

struct apart {
    pid_t pid; /* 0: it has ended */
    int bytes, outcome;
};

/* ---- the child ---- */

static bool write_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);
        if (n < 0 && errno != EINTR)
            return false;
        data += n < 0 ? 0 : n;
        len -= n < 0 ? 0 : (size_t)n;
    }
    return true;
}

static bool give_bytes(struct source *source, int fd, struct strbuf *why)
{
    static char block[BLOCK];
    ssize_t n = 1;
    bool listened = write_all(fd, (const char[]){OPENED}, 1);
    while (listened && (n = source_read(source, block, sizeof block, why)) > 0)
        listened = write_all(fd, block, (size_t)n);
    return n == 0;
}

static _Noreturn void child_run(source_apart_opener *open, const void *request, int bytes,
                                int outcome)
{
    struct strbuf why = {0};
    struct source *source = open(request, &why);
    if (source != NULL && give_bytes(source, bytes, &why))
        write_all(outcome, (const char[]){DONE}, 1);
    else
        write_all(outcome, strbuf_text(&why), why.len < LONGEST ? why.len : LONGEST);
    _exit(0);
}

/* ---- the parent ---- */

static ssize_t read_some(int fd, void *buf, size_t size)
{
    ssize_t n;
    do
        n = read(fd, buf, size);
    while (n < 0 && errno == EINTR);
    return n;
}

/* Waits for it. Returns the signal that it died of, or 0. */
static int child_end(struct apart *apart)
{
    int status = 0;
    if (apart->pid == 0)
        return 0;
    close(apart->bytes);
    close(apart->outcome);
    while (waitpid(apart->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    apart->pid = 0;
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

/* No more bytes: 0, or -1 with why. */
static int outcome_read(struct apart *apart, const char *name, struct strbuf *why)
{
    char text[LONGEST];
    ssize_t n, len = 0;
    while ((n = read_some(apart->outcome, text + len, sizeof text - (size_t)len)) > 0)
        len += n;
    int signal = child_end(apart);
    if (len == 1 && text[0] == DONE)
        return 0;
    if (len > 0)
        return strbuf_why(why, "%.*s", (int)len, text);
    return strbuf_why(why, "%s: the process that read it died (%s)", name,
                      signal != 0 ? strsignal(signal) : "no signal");
}

static ssize_t apart_read(struct source *source, char *buf, size_t size, struct strbuf *why)
{
    struct apart *apart = source->state;
    if (apart->pid == 0 || size == 0)
        return 0;
    ssize_t n = read_some(apart->bytes, buf, size);
    return n > 0 ? n : outcome_read(apart, source->name, why);
}

static void apart_close(struct source *source)
{
    struct apart *apart = source->state;
    if (apart->pid != 0)
        kill(apart->pid, SIGKILL); /* it may still be writing */
    child_end(apart);
    free(apart);
}

static const struct source_ops apart_ops = {apart_read, apart_close};

/* ---- opening ---- */

static int child_start(struct apart *apart, source_apart_opener *open, const void *request)
{
    int bytes[2], outcome[2];
    if (pipe2(bytes, O_CLOEXEC) != 0)
        return -1;
    if (pipe2(outcome, O_CLOEXEC) != 0) {
        close(bytes[0]);
        close(bytes[1]);
        return -1;
    }
    *apart = (struct apart){fork(), bytes[0], outcome[0]};
    if (apart->pid == 0) {
        close(bytes[0]);
        close(outcome[0]);
        child_run(open, request, bytes[1], outcome[1]);
    }
    close(bytes[1]);
    close(outcome[1]);
    if (apart->pid > 0)
        return 0;
    close(bytes[0]);
    close(outcome[0]);
    return -1;
}

struct source *source_apart_open(source_apart_opener *open, const void *request, const char *name,
                                 struct strbuf *why)
{
    struct apart apart;
    char first;
    if (child_start(&apart, open, request) != 0) {
        strbuf_why(why, "%s: %s", name, strerror(errno));
        return NULL;
    }
    if (read_some(apart.bytes, &first, 1) != 1) {
        outcome_read(&apart, name, why);
        return NULL;
    }
    struct source *source = mem_zero(1, sizeof *source);
    source->name = mem_text(name);
    source->kind = SOURCE_STREAM;
    source->mtime = clock_now();
    source->ops = &apart_ops;
    source->state = mem_zero(1, sizeof apart);
    memcpy(source->state, &apart, sizeof apart);
    return source;
}
