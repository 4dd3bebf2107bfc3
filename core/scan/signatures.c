/* signatures - reads a folder of signature files, in the order of their names.
 *
 * Whoever can write a signature file can have every web site of the machine put in quarantine, or
 * none ever found; so the folder and its files must be root's or ours, and closed to others.
 */
#include "spamgear/scan/signatures.h"

#include "spamgear/base/path.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

typedef void load(struct rules *rules, struct span text, const char *file, struct texts *problems);

static const struct {
    const char *name; /* of a file; with a dot first: how names end */
    enum rule_source source;
    load *load;
} formats[] = {{"fingerprints.txt", RULE_FINGERPRINT, known_fingerprints},
               {"backdoors.re", RULE_BACKDOOR, known_backdoors},
               {"shelldetect.db", RULE_SHELLDETECT, shelldb_load},
               {".rules", RULE_OWN, rule_file_load},
               {".weights", RULE_PHP, php_weights_load},
               {".hashes", RULE_HASH, known_bad_load}};
#define FORMATS (sizeof formats / sizeof *formats)

/* Hidden files are what editors and package managers leave. FORMATS: none of them. */
static size_t format_of(const char *name)
{
    struct span text = span_text(name);
    size_t i = 0;
    while (i < FORMATS &&
           !(formats[i].name[0] == '.'
                 ? name[0] != '.' && span_has_suffix(text, span_text(formats[i].name))
                 : strcmp(name, formats[i].name) == 0))
        i++;
    return i;
}

enum rule_source signatures_source(const char *name)
{
    size_t format = format_of(name);
    return format < FORMATS ? formats[format].source : RULE_SOURCES;
}

void signatures_load_text(struct rules *rules, const char *name, struct span text, const char *file,
                          struct texts *problems)
{
    formats[format_of(name)].load(rules, text, file, problems);
}

/* ---- one file ---- */

static int check_file(int fd, const char *path, struct strbuf *why)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return strbuf_why(why, "%s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return strbuf_why(why, "%s: is no regular file", path);
    if (!path_is_private(&st))
        return strbuf_why(why, "%s: others than root and the user who runs this may write it",
                          path);
    if (st.st_size > SIGNATURES_FILE_MAX)
        return strbuf_why(why, "%s: is larger than %d MiB", path, SIGNATURES_FILE_MAX >> 20);
    return 0;
}

static int read_whole(int fd, const char *path, struct strbuf *text, struct strbuf *why)
{
    char block[1 << 16];
    ssize_t got;
    while ((got = read(fd, block, sizeof block)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return strbuf_why(why, "%s: %s", path, strerror(errno));
        strbuf_add(text, block, (size_t)got);
        if (text->len > SIGNATURES_FILE_MAX)
            return strbuf_why(why, "%s: is larger than %d MiB", path, SIGNATURES_FILE_MAX >> 20);
    }
    return 0;
}

static void load_file(struct rules *rules, int folder, const char *name, const char *path,
                      struct texts *problems)
{
    struct strbuf text = {0}, why = {0};
    int fd = path_open(folder, name, O_RDONLY | O_NONBLOCK, NULL);
    int result = fd < 0 ? strbuf_why(&why, "%s: %s", path,
                                     errno == ELOOP ? "is a symbolic link" : strerror(errno))
                        : check_file(fd, path, &why);
    if (result == 0)
        result = read_whole(fd, path, &text, &why);
    if (result == 0)
        signatures_load_text(rules, name, strbuf_span(&text), path, problems);
    else
        texts_add(problems, strbuf_text(&why));
    if (fd >= 0)
        close(fd);
    strbuf_clear(&text);
    strbuf_clear(&why);
}

/* ---- the folder ---- */

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names of signature files of these sources. Closes fd. */
static int list_names(int fd, unsigned sources, struct texts *names)
{
    DIR *dir = fdopendir(fd);
    if (dir == NULL) {
        close(fd);
        return -1;
    }
    struct dirent *entry;
    errno = 0;
    while ((entry = readdir(dir)) != NULL) {
        size_t format = format_of(entry->d_name);
        if (format < FORMATS && (sources & 1u << formats[format].source) != 0)
            texts_add(names, entry->d_name);
        errno = 0;
    }
    int failed = errno;
    closedir(dir);
    errno = failed;
    if (names->len > 0)
        qsort(names->at, names->len, sizeof *names->at, by_name);
    return failed == 0 ? 0 : -1;
}

static void load_all(struct rules *rules, int fd, const char *folder, const struct texts *names,
                     struct texts *problems)
{
    struct strbuf path = {0};
    for (size_t i = 0; i < names->len; i++) {
        strbuf_reset(&path);
        strbuf_format(&path, "%s/%s", folder, names->at[i]);
        load_file(rules, fd, names->at[i], strbuf_text(&path), problems);
    }
    strbuf_clear(&path);
}

static int load_folder(struct rules *rules, int fd, const char *folder, unsigned sources,
                       struct texts *problems)
{
    struct stat st;
    struct texts names = {0};
    int count = -1;
    if (fstat(fd, &st) == 0 && !path_is_private(&st))
        texts_format(problems,
                     "%s: others than root and the user who runs this may write it: nothing in it "
                     "is used",
                     folder);
    else if (list_names(fcntl(fd, F_DUPFD_CLOEXEC, 0), sources, &names) != 0)
        texts_format(problems, "%s: %s", folder, strerror(errno));
    else {
        load_all(rules, fd, folder, &names, problems);
        count = (int)names.len;
    }
    texts_clear(&names);
    return count;
}

/* The folder may be reached through a link that root or we made: a set of signatures is replaced
 * as a whole that way. "/." makes the last component one that is followed. */
int signatures_load(struct rules *rules, const char *folder, unsigned sources, bool must_exist,
                    struct texts *problems)
{
    struct strbuf path = {0}, why = {0};
    int count = -1;
    strbuf_format(&path, "%s/.", folder);
    int fd = path_open(AT_FDCWD, strbuf_text(&path), O_RDONLY | O_DIRECTORY, &why);
    if (fd >= 0) {
        count = load_folder(rules, fd, folder, sources, problems);
        close(fd);
    } else if (errno == ENOENT && !must_exist)
        count = 0;
    else /* without the "/." */
        texts_format(problems, "%s%s", folder, strbuf_text(&why) + path.len);
    strbuf_clear(&path);
    strbuf_clear(&why);
    return count;
}
