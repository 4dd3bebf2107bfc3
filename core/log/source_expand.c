/* source_expand - the files that the user named, by name or by pattern.
 *
 * A name that exists is that file, whatever characters it holds; only a name that
 * does not exist is tried as a pattern. A file counts once even if several names,
 * links or patterns lead to it, since its messages must not be counted twice.
 * Directories that a pattern happens to match are passed over; a directory named
 * outright is an error.
 */
#include "spamgear/log/source.h"

#include <errno.h>
#include <glob.h>
#include <string.h>
#include <sys/stat.h>

struct identity {
    dev_t dev;
    ino_t ino;
};

struct expansion {
    struct texts *paths;
    VEC(struct identity) seen;
    bool stdin_seen;
    struct strbuf trouble;
};

static void complain(struct expansion *all, const char *name, const char *what)
{
    strbuf_format(&all->trouble, "%s%s: %s", all->trouble.len > 0 ? "; " : "", name, what);
}

static void add_file(struct expansion *all, const char *path, const struct stat *st)
{
    for (size_t i = 0; i < all->seen.len; i++)
        if (all->seen.at[i].dev == st->st_dev && all->seen.at[i].ino == st->st_ino)
            return;
    *vec_add(&all->seen) = (struct identity){st->st_dev, st->st_ino};
    texts_add(all->paths, path);
}

static void add_stdin(struct expansion *all)
{
    if (!all->stdin_seen)
        texts_add(all->paths, "-");
    all->stdin_seen = true;
}

static void add_matches(struct expansion *all, const char *pattern)
{
    glob_t found = {0};
    size_t files = 0;
    int status = glob(pattern, 0, NULL, &found);
    for (size_t i = 0; status == 0 && i < found.gl_pathc; i++) {
        struct stat st;
        if (stat(found.gl_pathv[i], &st) != 0 || S_ISDIR(st.st_mode))
            continue;
        add_file(all, found.gl_pathv[i], &st);
        files++;
    }
    globfree(&found);
    if (files == 0)
        complain(all, pattern, "no file matches");
}

static void add_name(struct expansion *all, const char *name)
{
    struct stat st;
    if (strcmp(name, "-") == 0)
        add_stdin(all);
    else if (stat(name, &st) != 0 && errno == ENOENT && strpbrk(name, "*?[") != NULL)
        add_matches(all, name);
    else if (stat(name, &st) != 0)
        complain(all, name, strerror(errno));
    else if (S_ISDIR(st.st_mode))
        complain(all, name, "is a directory");
    else
        add_file(all, name, &st);
}

int source_expand(const struct texts *names, struct texts *paths, struct strbuf *why)
{
    struct expansion all = {.paths = paths};
    for (size_t i = 0; i < names->len; i++)
        add_name(&all, names->at[i]);
    bool trouble = all.trouble.len > 0;
    if (trouble)
        strbuf_why(why, "%s", strbuf_text(&all.trouble));
    strbuf_clear(&all.trouble);
    vec_clear(&all.seen);
    return trouble ? -1 : 0;
}

void source_growing(const struct texts *names, struct texts *logs)
{
    struct texts paths = {0}, older = {0};
    struct expansion all = {.paths = &paths};
    for (size_t i = 0; i < names->len; i++) {
        size_t trouble = all.trouble.len;
        add_name(&all, names->at[i]);
        if (all.trouble.len > trouble)
            texts_add(&paths, names->at[i]);
    }
    for (size_t i = 0; i < paths.len; i++)
        source_predecessors(paths.at[i], &older);
    for (size_t i = 0; i < paths.len; i++)
        if (!texts_has(&older, paths.at[i]) && !texts_has(logs, paths.at[i]))
            texts_add(logs, paths.at[i]);
    strbuf_clear(&all.trouble);
    vec_clear(&all.seen);
    texts_clear(&paths);
    texts_clear(&older);
}
