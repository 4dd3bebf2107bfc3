/* journal_files - the journal files of a request, merged into one order.
 *
 * Which files those are follows journald: NAME.journal and NAME.journal~ in the folder
 * and in its subfolders named by a machine ID; for the system's journal only this
 * machine's. Between files the earlier entry goes first; inside a file its own order
 * holds, also when the clock was set back. An entry that journald has just copied
 * from /run to /var is there twice and told once.
 */
#include "spamgear/log/journal_reader.h"

#include "spamgear/base/mem.h"
#include "spamgear/base/vec.h"
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MACHINE_ID 32 /* hexadecimal digits, machine-id(5) */

struct files_reader {
    struct journal_reader reader;
    struct journal_wish wish;
    struct journal_cache *cache;
    VEC(struct journal_file *) files;
    unsigned seen;    /* files looked at, in the window or not */
    bool is_doubtful; /* something is not understood */
    bool is_denied;   /* something may not be read */
    uint64_t since_usec, until_usec;
    struct journal_mark told; /* the entry before, and its file */
    const struct journal_file *told_by;
};

/* ---- finding the files ---- */

static void add_file(struct files_reader *files, int dir, const char *name)
{
    struct journal_file *file = NULL;
    int status = journal_file_open(&file, dir, name, files->seen++, files->since_usec,
                                   files->until_usec, files->cache);
    if (status < 0 && errno == EACCES)
        files->is_denied = true;
    else if (status < 0)
        files->is_doubtful = true;
    if (status > 0)
        *vec_add(&files->files) = file;
}

static bool is_journal_name(const char *name)
{
    struct span s = span_text(name);
    return span_has_suffix(s, SPAN(".journal")) || span_has_suffix(s, SPAN(".journal~"));
}

static bool is_machine_id(const char *name)
{
    size_t digits = 0;
    while (isxdigit((unsigned char)name[digits]))
        digits++;
    return digits == MACHINE_ID && name[digits] == '\0';
}

/* A folder that is not there holds nothing.
 * machine: NULL takes the subfolders of every machine, "" none. */
static void add_folder(struct files_reader *files, int parent, const char *path,
                       const char *machine)
{
    int fd = openat(parent, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (dir == NULL) {
        files->is_denied |= errno == EACCES;
        files->is_doubtful |= errno != EACCES && errno != ENOENT;
        return;
    }
    const struct dirent *entry;
    while ((entry = readdir(dir)) != NULL) {
        if (is_journal_name(entry->d_name))
            add_file(files, fd, entry->d_name);
        else if (is_machine_id(entry->d_name) &&
                 (machine == NULL || strcmp(machine, entry->d_name) == 0))
            add_folder(files, fd, entry->d_name, "");
    }
    closedir(dir);
}

static void add_system(struct files_reader *files)
{
    char id[MACHINE_ID + 1] = "";
    FILE *file = fopen("/etc/machine-id", "re");
    bool known = file != NULL && fread(id, 1, MACHINE_ID, file) == MACHINE_ID && is_machine_id(id);
    if (file != NULL)
        fclose(file);
    files->is_doubtful |= !known;
    add_folder(files, AT_FDCWD, "/run/log/journal", id);
    add_folder(files, AT_FDCWD, "/var/log/journal", id);
}

static void add_all(struct files_reader *files, const struct journal_request *request)
{
    if (request->file != NULL) {
        files->is_doubtful = access(request->file, R_OK) != 0;
        add_file(files, AT_FDCWD, request->file);
    } else if (request->dir != NULL)
        add_folder(files, AT_FDCWD, request->dir, NULL);
    else
        add_system(files);
}

/* ---- reading ---- */

/* The file whose next entry is the earliest in the window; NULL at the end. */
static struct journal_file *pick(const struct files_reader *files, struct journal_mark *mark)
{
    struct journal_file *best = NULL;
    for (size_t i = 0; i < files->files.len; i++) {
        struct journal_mark next;
        if (!journal_file_mark(files->files.at[i], &next) || next.usec > files->until_usec)
            continue;
        if (best == NULL || next.usec < mark->usec) {
            best = files->files.at[i];
            *mark = next;
        }
    }
    return best;
}

static bool is_told(const struct files_reader *files, const struct journal_file *file,
                    const struct journal_mark *mark)
{
    const struct journal_mark *told = &files->told;
    return files->told_by != NULL && files->told_by != file && told->usec == mark->usec &&
           told->monotonic == mark->monotonic && told->hash == mark->hash;
}

static int files_next(struct journal_reader *reader, struct journal_entry *entry)
{
    struct files_reader *files = (struct files_reader *)reader;
    struct journal_file *file;
    struct journal_mark mark;
    while ((file = pick(files, &mark)) != NULL) {
        if (is_told(files, file, &mark)) {
            journal_file_skip(file);
            continue;
        }
        files->told = mark;
        files->told_by = file;
        int result = journal_file_take(file, &files->wish, entry);
        if (result > 0)
            return 1;
        reader->damaged += result < 0;
    }
    for (size_t i = 0; i < files->files.len; i++)
        reader->damaged += journal_file_damaged(files->files.at[i]);
    return 0;
}

static void files_close(struct journal_reader *reader)
{
    struct files_reader *files = (struct files_reader *)reader;
    for (size_t i = 0; i < files->files.len; i++)
        journal_file_close(files->files.at[i]);
    vec_clear(&files->files);
    journal_cache_free(files->cache);
    free(files);
}

struct journal_reader *journal_files_open(const struct journal_request *request,
                                          const struct literal_set *needles, struct strbuf *why)
{
    struct files_reader *files = mem_zero(1, sizeof *files);
    files->reader.next = files_next;
    files->reader.close = files_close;
    files->wish = (struct journal_wish){request->identifiers, needles};
    files->cache = journal_cache_new();
    journal_window(request, &files->since_usec, &files->until_usec);
    add_all(files, request);
    if (!files->is_denied && !files->is_doubtful && files->seen > 0)
        return &files->reader;
    if (files->is_denied)
        strbuf_why(why, "%s: a part of it may not be read; root and the group systemd-journal may",
                   journal_request_name(request));
    files_close(&files->reader);
    return NULL;
}
