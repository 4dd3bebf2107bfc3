/* doctor - runs the real program on two files, as the web server's user.
 *
 * The user, the environment (none) and the file's mode (0600, as PHP and ModSecurity write uploads)
 * are those of real life, so whatever stands in the way there stands in the way here: a binary
 * or a configuration that the user may not read, signatures that are missing, a clamd that does not
 * answer him.
 */
#include "doctor.h"

#include "spamgear/base/clock.h"
#include "spamgear/base/diag.h"
#include "spamgear/base/strbuf.h"
#include "spamgear/base/text.h"
#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define ANSWER_MAX 4096

/* In halves: the whole text in the program would make the program itself a hit. */
static const char test_halves[][32] = {"SPAMGEAR-ANTIWEBSHELL-", "TEST-FILE"};

static const struct passwd *web_user(const char *name)
{
    static const char *const usual[] = {"www-data", "apache", "nginx", "nobody", NULL};
    const struct passwd *found = NULL;
    if (name != NULL)
        return getpwnam(name);
    for (size_t i = 0; found == NULL && usual[i] != NULL; i++)
        found = getpwnam(usual[i]);
    return found;
}

/* An upload in its folder: a file of the user's own. The descriptor, its path in path. */
static int make_upload(char *path, const char *content, const struct passwd *user)
{
    int fd = mkstemp(path);
    size_t len = strlen(content);
    if (fd < 0)
        return -1;
    if (write(fd, content, len) != (ssize_t)len ||
        (user != NULL && fchown(fd, user->pw_uid, user->pw_gid) != 0)) {
        close(fd);
        unlink(path);
        return -1;
    }
    return fd;
}

static void become(const struct passwd *user)
{
    if (user == NULL)
        return;
    if (initgroups(user->pw_name, user->pw_gid) != 0 || setgid(user->pw_gid) != 0 ||
        setuid(user->pw_uid) != 0)
        _exit(126);
}

static void run_child(int out, const char *path, const struct passwd *user)
{
    char *const argv[] = {"runav", (char *)path, NULL};
    char *const environment[] = {"PATH=/usr/bin:/bin", NULL};
    become(user);
    if (dup2(out, STDOUT_FILENO) < 0 || dup2(out, STDERR_FILENO) < 0)
        _exit(126);
    execve("/proc/self/exe", argv, environment);
    _exit(127);
}

static void read_answer(int from, struct strbuf *answer)
{
    char buffer[512];
    ssize_t got;
    while ((got = read(from, buffer, sizeof buffer)) > 0 || (got < 0 && errno == EINTR))
        if (got > 0 && answer->len < ANSWER_MAX)
            strbuf_add(answer, buffer, (size_t)got);
}

static int ask(const char *path, const struct passwd *user, struct strbuf *answer)
{
    int ends[2], status = 0;
    if (pipe(ends) != 0)
        return -1;
    pid_t child = fork();
    if (child == 0)
        run_child(ends[1], path, user);
    close(ends[1]);
    if (child > 0) {
        read_answer(ends[0], answer);
        waitpid(child, &status, 0);
    }
    close(ends[0]);
    return child > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* One question and what was expected of it. */
static bool try(const char *what, const char *content, const char *want, const struct passwd *user)
{
    struct strbuf answer = {0}, shown = {0};
    const char *folder = P_tmpdir;
    char path[64];
    snprintf(path, sizeof path, "%s/php-doctor-XXXXXX", folder);
    int fd = make_upload(path, content, user);
    int64_t started = clock_steady_ms();
    int status = fd < 0 ? -1 : ask(path, user, &answer);
    int64_t took = clock_steady_ms() - started;
    bool good = status == 0 && strncmp(strbuf_text(&answer), want, strlen(want)) == 0;
    text_escape(&shown, strbuf_span(&answer));
    printf("%s %s: %s (%" PRId64 " ms)\n", good ? "ok  " : "FAIL", what,
           fd < 0           ? strerror(errno)
           : status == 126  ? "cannot become that user"
           : status == 127  ? "that user may not run the program"
           : shown.len == 0 ? "no answer"
                            : strbuf_text(&shown),
           took);
    if (fd >= 0) {
        close(fd);
        unlink(path);
    }
    strbuf_clear(&answer);
    strbuf_clear(&shown);
    return good;
}

int doctor_run(const char *name)
{
    const struct passwd *user = NULL;
    char test[128];
    if (geteuid() == 0) {
        user = web_user(name);
        if (user == NULL) {
            diag_error("%s: no such user", name != NULL ? name : "www-data");
            return 2;
        }
        printf("     as %s\n", user->pw_name);
    } else if (name != NULL) {
        diag_error("only root can become %s", name);
        return 2;
    }
    fflush(stdout);
    snprintf(test, sizeof test, "<?php /* %s%s */\n", test_halves[0], test_halves[1]);
    bool good = try("a clean upload passes", "just a text\n", "1 ", user);
    good = try("the test file does not", test, "0 clamscan: FOUND", user) && good;
    return good ? 0 : 2;
}
