/* follow_find - the log and its rotated predecessors as one list, newest first.
 *
 * The list is taken twice and counts only when both are the same; a file that turns out to be
 * another than the listed one begins it all again, a few times. Device and inode say first which
 * file a place is in, but never alone: inodes are used again, and a cut file keeps its own.
 */
#include "follow_find.h"

#include "spamgear/base/mem.h"
#include "spamgear/log/reader.h"
#include "spamgear/log/stamp.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define TRIES 10

struct file {
    char *path;
    uint64_t dev, ino, size; /* ino 0: the log itself is absent */
};

struct files {
    struct file *at; /* [0]: the log itself */
    size_t len, cap;
};

#define NOWHERE SIZE_MAX

/* ---- the list ---- */

static void files_clear(struct files *files)
{
    for (size_t i = 0; i < files->len; i++)
        free(files->at[i].path);
    vec_clear(files);
}

static void files_add(struct files *files, const char *path)
{
    struct stat st;
    struct file *file = vec_add(files);
    *file = (struct file){.path = mem_text(path)};
    if (stat(path, &st) != 0)
        return;
    file->dev = st.st_dev;
    file->ino = st.st_ino;
    /* What is no file has no size, but is to be opened, and told of. */
    file->size = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 1;
}

/* Where the log is a link, its older parts lie beside the file itself. */
static void list_once(const char *path, struct files *files)
{
    struct texts older = {0};
    char *real = realpath(path, NULL);
    files_add(files, path);
    source_predecessors(real != NULL ? real : path, &older);
    for (size_t i = 0; i < older.len; i++)
        files_add(files, older.at[i]);
    texts_clear(&older);
    free(real);
}

static bool is_same_list(const struct files *a, const struct files *b)
{
    bool same = a->len == b->len;
    for (size_t i = 0; i < a->len && same; i++)
        same = a->at[i].dev == b->at[i].dev && a->at[i].ino == b->at[i].ino &&
               strcmp(a->at[i].path, b->at[i].path) == 0;
    return same;
}

/* False when it does not stand still. */
static bool files_list(const char *path, struct files *files)
{
    struct files again = {0};
    *files = (struct files){0};
    list_once(path, files);
    list_once(path, &again);
    bool same = is_same_list(files, &again);
    files_clear(&again);
    return same;
}

static size_t index_of(const struct files *files, uint64_t dev, uint64_t ino)
{
    for (size_t i = 0; i < files->len && ino != 0; i++)
        if (files->at[i].dev == dev && files->at[i].ino == ino)
            return i;
    return NOWHERE;
}

/* FOUND_LATER when it is not the file of the list any more. */
static enum follow_found file_open(const struct file *file, struct follow_part **part,
                                   struct strbuf *why)
{
    bool absent;
    *part = follow_part_open(file->path, &absent, why);
    if (*part == NULL)
        return absent ? FOUND_LATER : FOUND_TROUBLE;
    if (follow_part_is(*part, file->dev, file->ino))
        return FOUND_PART;
    follow_part_close(*part);
    return FOUND_LATER;
}

/* ---- the file of a mark ---- */

static enum follow_found try_mark(const struct file *file, const struct follow_mark *mark,
                                  struct follow_part **part, struct strbuf *why)
{
    if (file->ino == 0)
        return FOUND_NONE;
    enum follow_found found = file_open(file, part, why);
    if (found != FOUND_PART || follow_part_seek(*part, mark))
        return found;
    follow_part_close(*part);
    return FOUND_NONE;
}

/* The one with the mark's inode, then the others. Trouble with the log itself, or with the file
 * that has the inode, leaves it open whether they hold the mark; others must not stop us for ever.
 */
static enum follow_found mark_in(const struct files *files, const struct follow_mark *mark,
                                 struct follow_part **part, struct strbuf *why)
{
    enum follow_found trouble = FOUND_NONE;
    size_t own = index_of(files, mark->dev, mark->ino);
    size_t turns = mark->head_len == 0 ? 0 : files->len; /* an empty file is like any other */
    if (turns == 0 && own == 0)
        return FOUND_NONE; /* its inode may be used again */
    for (size_t turn = 0; turn <= turns; turn++) {
        size_t i = turn == 0 ? own : turn - 1;
        bool is_done = turn > 0 ? i == own : own == NOWHERE;
        enum follow_found found = is_done ? FOUND_NONE : try_mark(&files->at[i], mark, part, why);
        if (found == FOUND_PART || found == FOUND_LATER)
            return found;
        if (found == FOUND_TROUBLE && (i == 0 || i == own))
            trouble = FOUND_TROUBLE;
    }
    return trouble;
}

enum follow_found follow_find_mark(const char *path, const struct follow_mark *mark,
                                   struct follow_part **part, struct strbuf *why)
{
    enum follow_found found = mark->ino == 0 ? FOUND_NONE : FOUND_LATER;
    for (int i = 0; i < TRIES && found == FOUND_LATER; i++) {
        struct files files;
        if (files_list(path, &files))
            found = mark_in(&files, mark, part, why);
        files_clear(&files);
    }
    return found;
}

/* ---- what is newer ---- */

/* Is every line of the file later? Its first line says so, logs are in order. */
static enum follow_found is_newer(const struct file *file, int64_t before)
{
    struct follow_part *part;
    struct stamp stamp;
    struct span line;
    enum follow_found found = file_open(file, &part, NULL);
    if (found != FOUND_PART)
        return found;
    follow_part_fill(part, READER_LINE_MAX, NULL);
    int64_t first = stamp_first(follow_part_bytes(part), part->source->mtime, &stamp, &line);
    follow_part_close(part);
    return first != STAMP_NONE && first > before ? FOUND_PART : FOUND_NONE;
}

/* FOUND_PART with the index of the oldest newer one; the log itself needs no proof. */
static enum follow_found newer_in(const struct files *files, int64_t before, size_t *index)
{
    *index = 0;
    for (size_t i = 1; i < files->len && before != STAMP_NONE; i++) {
        enum follow_found found =
            files->at[i].size == 0 ? FOUND_PART : is_newer(&files->at[i], before);
        if (found == FOUND_LATER)
            return found;
        if (found != FOUND_PART)
            break;
        *index = files->at[i].size == 0 ? *index : i;
    }
    return *index > 0 || files->at[0].ino != 0 ? FOUND_PART : FOUND_LATER;
}

enum follow_found follow_find_newer(const char *path, int64_t before, struct follow_part **part,
                                    struct strbuf *why)
{
    enum follow_found found = FOUND_LATER;
    for (int i = 0; i < TRIES && found == FOUND_LATER; i++) {
        struct files files;
        size_t index;
        if (files_list(path, &files) && (found = newer_in(&files, before, &index)) == FOUND_PART)
            found = file_open(&files.at[index], part, why);
        files_clear(&files);
    }
    return found;
}

/* ---- what comes after ---- */

/* Is the file what became of the part? */
static enum follow_found is_part(const struct file *file, const struct follow_mark *mark)
{
    struct follow_part *part;
    if (file->ino == 0)
        return FOUND_NONE;
    enum follow_found found = file_open(file, &part, NULL);
    if (found != FOUND_PART)
        return found;
    bool same = follow_part_is_packed(part) ? follow_part_is_packed_of(part, mark)
                                            : follow_part_seek(part, mark);
    follow_part_close(part);
    return same ? FOUND_PART : FOUND_NONE;
}

/* Where the part is now: by its inode, which is not used again while it is open; where it was
 * packed and deleted meanwhile, by what it holds. */
static enum follow_found part_in(const struct files *files, const struct follow_part *part,
                                 size_t *index)
{
    struct follow_mark mark;
    enum follow_found found = FOUND_NONE;
    *index = index_of(files, part->source->dev, part->source->ino);
    if (*index != NOWHERE)
        return FOUND_PART;
    if (part->position == 0)
        return FOUND_NONE;
    follow_part_mark(part, &mark);
    for (size_t i = 0; i < files->len; i++) {
        *index = i;
        found = is_part(&files->at[i], &mark);
        if (found == FOUND_PART || found == FOUND_LATER)
            return found;
    }
    return FOUND_NONE;
}

static enum follow_found after_in(const struct files *files, const struct follow_part *part,
                                  int64_t before, size_t *index)
{
    enum follow_found found = part_in(files, part, index);
    if (found == FOUND_NONE) {
        found = newer_in(files, before, index);
        return found == FOUND_PART && files->at[*index].size == 0 ? FOUND_NONE : found;
    }
    if (found != FOUND_PART)
        return found;
    while (*index > 0)
        if (files->at[--*index].size > 0)
            return FOUND_PART;
    return FOUND_NONE;
}

static enum follow_found open_after(const struct file *file, const struct follow_part *part,
                                    bool may_be_copy, struct follow_part **next, struct strbuf *why)
{
    struct follow_mark mark;
    follow_part_mark(part, &mark);
    enum follow_found found =
        may_be_copy && part->position > 0 ? try_mark(file, &mark, next, why) : FOUND_NONE;
    return found == FOUND_NONE ? file_open(file, next, why) : found;
}

/* A rotated file that cannot be read (it is damaged, or packed in an unknown way) must not stop
 * us for ever: it is passed over, and why stays. The log itself is waited for. */
static enum follow_found next_in(const struct files *files, const struct follow_part *part,
                                 bool may_be_copy, int64_t before, struct follow_part **next,
                                 struct strbuf *why)
{
    size_t index;
    enum follow_found found = after_in(files, part, before, &index);
    if (found == FOUND_PART)
        found = open_after(&files->at[index], part, may_be_copy, next, why);
    while (found == FOUND_TROUBLE && index > 0)
        if (files->at[--index].size > 0)
            found = open_after(&files->at[index], part, false, next, NULL);
    return found;
}

enum follow_found follow_find_after(const char *path, const struct follow_part *part,
                                    bool may_be_copy, int64_t before, struct follow_part **next,
                                    struct strbuf *why)
{
    enum follow_found found = FOUND_LATER;
    for (int i = 0; i < TRIES && found == FOUND_LATER; i++) {
        struct files files;
        strbuf_reset(why);
        if (files_list(path, &files))
            found = next_in(&files, part, may_be_copy, before, next, why);
        files_clear(&files);
    }
    return found;
}
