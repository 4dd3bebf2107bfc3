/* install - relative links to this program; made aside and renamed into place when they replace. */
#include "spamgear/cli/install.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

struct work {
    int dir; /* descriptor of the folder */
    const char *folder;
    bool force;
    struct stat self;
    struct strbuf target; /* what links say */
    struct texts *made, *problems;
};

/* How many "../" lead from folder (absolute, real) up to what it shares with file; *rest is
 * what follows in file. */
static int steps_up(const char *folder, const char *file, const char **rest)
{
    size_t same = 0; /* length of the common part, up to a slash */
    size_t i = 0;
    for (; folder[i] != '\0' && folder[i] == file[i]; i++)
        if (file[i] == '/')
            same = i + 1;
    if (folder[i] == '\0' && file[i] == '/')
        same = i + 1;
    *rest = file + same;
    int steps = 0;
    for (const char *p = folder + same; same <= strlen(folder) && *p != '\0'; p++)
        steps += p == folder + same || p[-1] == '/';
    return steps;
}

static void make_target(struct strbuf *target, const char *folder, const char *file)
{
    const char *rest;
    for (int steps = steps_up(folder, file, &rest); steps > 0; steps--)
        strbuf_add_text(target, "../");
    strbuf_add_text(target, rest);
}

static bool leads_to_us(const struct work *w, const char *name)
{
    struct stat st;
    return fstatat(w->dir, name, &st, 0) == 0 && st.st_dev == w->self.st_dev &&
           st.st_ino == w->self.st_ino;
}

/* Over something else: a link of a random name, renamed, so that the name is never missing. */
static int replace(const struct work *w, const char *name)
{
    unsigned long long random;
    char aside[64];
    if (getrandom(&random, sizeof random, 0) != sizeof random)
        return -1;
    snprintf(aside, sizeof aside, ".spamgear-%016llx", random);
    if (symlinkat(strbuf_text(&w->target), w->dir, aside) != 0)
        return -1;
    if (renameat(w->dir, aside, w->dir, name) == 0)
        return 0;
    int cause = errno;
    unlinkat(w->dir, aside, 0);
    errno = cause;
    return -1;
}

static void link_name(const struct work *w, const char *name)
{
    int result = symlinkat(strbuf_text(&w->target), w->dir, name);
    if (result != 0 && errno == EEXIST) {
        if (leads_to_us(w, name))
            return;
        if (!w->force) {
            texts_format(w->problems, "%s/%s: exists and is not ours; --force replaces it",
                         w->folder, name);
            return;
        }
        result = replace(w, name);
    }
    if (result == 0)
        texts_format(w->made, "%s -> %s", name, strbuf_text(&w->target));
    else
        texts_format(w->problems, "%s/%s: %s", w->folder, name, strerror(errno));
}

static void link_applet(const struct work *w, const struct applet *applet)
{
    if (!(applet->flags & APPLET_TOOL))
        link_name(w, applet->name);
    for (size_t i = 0; applet->aliases != NULL && applet->aliases[i] != NULL; i++)
        link_name(w, applet->aliases[i]);
}

/* Finds out where we are and where the folder is. 0, or -1 after a problem. */
static int prepare(struct work *w)
{
    char self[PATH_MAX], real[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    if (len <= 0 || stat("/proc/self/exe", &w->self) != 0) {
        texts_format(w->problems, "/proc/self/exe: %s", strerror(errno));
        return -1;
    }
    self[len] = '\0';
    w->dir = open(w->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (w->dir < 0 || realpath(w->folder, real) == NULL) {
        texts_format(w->problems, "%s: %s", w->folder, strerror(errno));
        return -1;
    }
    make_target(&w->target, real, self);
    return 0;
}

void install_links(const struct applet_list *list, const char *folder, bool force,
                   struct texts *made, struct texts *problems)
{
    struct work w = {
        .dir = -1, .folder = folder, .force = force, .made = made, .problems = problems};
    if (prepare(&w) == 0)
        for (size_t i = 0; i < list->len; i++)
            link_applet(&w, list->at[i]);
    if (w.dir >= 0)
        close(w.dir);
    strbuf_clear(&w.target);
}
