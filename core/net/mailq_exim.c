/* mailq_exim - Exim's queue: the spool's input folder (with split_spool_directory also folders of
 * one character in it), those of named queues (SPOOL/NAME/input), else what `exim -bpc` says.
 */
#include "mailq_parts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct mailq_layout layout = {mailq_is_exim_name, mailq_exim_arrival, false, false};

static const char *const spools[] = {"/var/spool/exim4", "/var/spool/exim"};

/* The first that is there, or cannot be looked at; NULL: none. */
static const char *find_spool(const struct mailq_settings *settings)
{
    if (settings->exim_spool != NULL)
        return settings->exim_spool;
    for (size_t i = 0; i < sizeof spools / sizeof *spools; i++) {
        struct strbuf input = {0};
        strbuf_format(&input, "%s/input", spools[i]);
        bool found = access(strbuf_text(&input), F_OK) == 0 || errno != ENOENT;
        strbuf_clear(&input);
        if (found)
            return spools[i];
    }
    return NULL;
}

bool mailq_has_exim(const struct mailq_settings *settings)
{
    return find_spool(settings) != NULL;
}

/* Every NAME/input below the spool. */
static int count_named(int dir, bool count_only, int64_t deadline, struct mailq *mailq,
                       struct strbuf *why)
{
    int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;
    int result = folder == NULL ? strbuf_why(why, "%s", strerror(errno)) : 0;
    if (folder == NULL && fd >= 0)
        close(fd);
    while (result == 0 && (errno = 0, entry = readdir(folder)) != NULL) {
        struct strbuf name = {0};
        struct stat st;
        strbuf_format(&name, "%s/input", entry->d_name);
        if (entry->d_name[0] != '.' && fstatat(dir, strbuf_text(&name), &st, 0) == 0 &&
            S_ISDIR(st.st_mode)) {
            size_t at = mailq_add(mailq, entry->d_name, "input");
            result = mailq_folder(dir, strbuf_text(&name), &layout, count_only, deadline,
                                  &mailq->queues.at[at], why);
        }
        strbuf_clear(&name);
    }
    if (folder != NULL)
        closedir(folder);
    return result;
}

static int read_spool(const char *spool, bool count_only, int64_t deadline, struct mailq *mailq,
                      struct strbuf *why)
{
    struct strbuf what = {0};
    size_t at = mailq->queues.len - 1;
    int result = 0, dir = open(spool, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
        result = strbuf_why(&what, "%s", strerror(errno));
    else
        result =
            mailq_folder(dir, "input", &layout, count_only, deadline, &mailq->queues.at[at], &what);
    if (result == 0)
        result = count_named(dir, count_only, deadline, mailq, &what);
    if (dir >= 0)
        close(dir);
    if (result != 0)
        strbuf_why(why, "%s: %s", spool, strbuf_text(&what));
    strbuf_clear(&what);
    return result;
}

static int ask_exim(int64_t deadline, uint64_t *number, struct strbuf *why)
{
    const char *const exim4[] = {"exim4", "-bpc", NULL}, *const exim[] = {"exim", "-bpc", NULL};
    return mailq_ask_number(exim4, deadline, number, why) == 0
               ? 0
               : mailq_ask_number(exim, deadline, number, why);
}

int mailq_exim(const struct mailq_settings *settings, int64_t deadline, struct mailq *mailq,
               struct strbuf *why)
{
    struct strbuf first = {0}, second = {0};
    const char *spool = find_spool(settings), *how = "spool";
    size_t at = mailq_add(mailq, "", "input");
    int result = read_spool(spool == NULL ? spools[0] : spool, settings->count_only, deadline,
                            mailq, &first);
    if (result != 0 && settings->exim_spool == NULL) { /* exim has its own spool in mind */
        uint64_t number = 0;
        how = "exim";
        result = ask_exim(deadline, &number, &second);
        for (size_t i = at; i < mailq->queues.len; i++) {
            mailq->queues.at[i].messages = i == at ? number : 0;
            mailq->queues.at[i].oldest = 0;
        }
    }
    if (result != 0)
        strbuf_why(why, "%s%s%s", strbuf_text(&first), second.len > 0 ? "; " : "",
                   strbuf_text(&second));
    if (mailq->how == NULL || strcmp(how, "spool") != 0)
        mailq->how = how;
    strbuf_clear(&first);
    strbuf_clear(&second);
    return result;
}
