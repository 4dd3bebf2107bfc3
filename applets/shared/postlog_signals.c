/* postlog_signals - SIGTERM ends, SIGHUP reloads, SIGUSR1 tells.
 *
 * To reload is to become a new process of the same number: everything is on disk, so nothing of the
 * old one has to be carried over. That the new configuration is sound is seen before, by a run of
 * the same words with --check; when it is not, the old one goes on.
 */
#include "postlog_daemon.h"

#include "spamgear/base/infile.h"
#include "spamgear/base/spawn.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define WORDS_MAX (1u << 20) /* bytes of a command line */
#define CHECK_MS  20000
#define SELF      "/proc/self/exe"

/* The words of this process. */
static void read_words(struct texts *words)
{
    struct strbuf text = {0};
    char block[4096];
    ssize_t got;
    int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    while (fd >= 0 && text.len < WORDS_MAX && (got = read(fd, block, sizeof block)) > 0)
        strbuf_add(&text, block, (size_t)got);
    if (fd >= 0)
        close(fd);
    for (size_t at = 0; at < text.len; at += strlen(text.data + at) + 1)
        texts_add(words, text.data + at);
    strbuf_clear(&text);
}

/* An upgrade may have put another one in its place; until it does, the one that runs goes on. */
static const char *program(char path[PATH_MAX])
{
    struct span gone = SPAN(" (deleted)");
    ssize_t len = readlink(SELF, path, PATH_MAX - 1);
    if (len <= (ssize_t)gone.len || memcmp(path + len - gone.len, gone.at, gone.len) != 0)
        return SELF;
    path[len - (ssize_t)gone.len] = '\0';
    return access(path, X_OK) == 0 ? path : SELF;
}

static bool is_applet(const struct postlog *own, const char *path)
{
    const char *slash = strrchr(path, '/');
    return applet_find(own->run->all, slash != NULL ? slash + 1 : path, NULL) != NULL;
}

/* Where the words behind the applet's name begin. */
static size_t first_word(const struct postlog *own, const struct texts *words)
{
    for (size_t i = 0; i < words->len && i < 2; i++)
        if (is_applet(own, words->at[i]))
            return i + 1;
    return words->len < 2 ? words->len : 1; /* a link of another name */
}

/* The lines of another run begin with its name. */
static void tell_lines(const struct postlog *own, const char *lines)
{
    struct span rest = span_text(lines), line, called = span_text(own->run->called);
    while (span_take_line(&rest, &line)) {
        bool named = span_has_prefix(line, called) && line.len > called.len + 1 &&
                     line.at[called.len] == ':';
        line = span_skip(line, named ? called.len + 2 : 0);
        postlog_say(own->log, SAY_ERROR, "%.*s", (int)line.len, line.at);
    }
}

static bool is_sound(const struct postlog *own)
{
    struct texts words = {0};
    VEC(const char *) argv = {0};
    struct strbuf output = {0}, why = {0};
    char path[PATH_MAX];
    read_words(&words);
    *vec_add(&argv) = program(path);
    if (!is_applet(own, argv.at[0]))
        *vec_add(&argv) = own->run->called;
    *vec_add(&argv) = "--check";
    if (own->run->config_path != NULL) { /* it may have come by the environment */
        *vec_add(&argv) = "--config";
        *vec_add(&argv) = own->run->config_path;
    }
    for (size_t i = first_word(own, &words); i < words.len; i++)
        *vec_add(&argv) = words.at[i];
    *vec_add(&argv) = NULL;
    int status = spawn_run(argv.at, (struct span){0}, CHECK_MS, &output, &why);
    if (status != 0) {
        tell_lines(own, strbuf_text(status < 0 ? &why : &output));
        postlog_say(own->log, SAY_ERROR, "not reloaded: the old configuration goes on");
    }
    vec_clear(&argv);
    texts_clear(&words);
    strbuf_clear(&output);
    strbuf_clear(&why);
    return status == 0;
}

void postlog_become_anew(const struct postlog *own)
{
    struct texts words = {0};
    sigset_t none;
    char path[PATH_MAX];
    (void)own;
    read_words(&words);
    VEC(char *) argv = {0};
    for (size_t i = 0; i < words.len; i++)
        *vec_add(&argv) = words.at[i];
    *vec_add(&argv) = NULL;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execv(program(path), argv.at);
    execv(SELF, argv.at);
    vec_clear(&argv);
    texts_clear(&words);
}

static void tell_status(struct postlog *own)
{
    struct strbuf text = {0};
    postlog_status_text(own, &text);
    postlog_say_lines(own->log, SAY_WARNING, strbuf_text(&text));
    strbuf_clear(&text);
}

static void take_signal(void *at, unsigned events)
{
    struct postlog *own = at;
    struct signalfd_siginfo info;
    (void)events;
    while (read(own->signals, &info, sizeof info) == sizeof info) {
        if (info.ssi_signo == SIGUSR1) {
            tell_status(own);
        } else if (info.ssi_signo != SIGHUP) {
            postlog_say(own->log, SAY_NOTICE, "told to end");
            loop_stop(own->loop);
        } else if (is_sound(own)) {
            own->reload = true;
            loop_stop(own->loop);
        }
    }
}

int postlog_signals_open(struct postlog *own, struct strbuf *why)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1};
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        sigaddset(&set, numbers[i]);
    sigprocmask(SIG_BLOCK, &set, NULL);
    own->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (own->signals < 0)
        return strbuf_why(why, "signals: %s", strerror(errno));
    return loop_add(own->loop, own->signals, LOOP_READ, take_signal, own, why) != NULL ? 0 : -1;
}
