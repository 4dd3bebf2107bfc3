/* mailq_folder - counting, or telling, the queue files of one folder and of its sub-folders.
 *
 * Names alone count a message where the mail server puts only whole files, and long IDs tell their
 * time. Otherwise the kernel is asked about each file: is it whole, when was it made? Of a folder's
 * files whose names tell no time the one made first is opened and its record of the arrival read
 * (Postfix's src/global/rec_type.h, record T). Files come and go meanwhile: one that vanished is no
 * error. A few threads share the sub-folders, since a question takes the kernel a microsecond.
 *
 * A spool that was copied was made when it was copied: then the record of one of its files tells,
 * which need not be the oldest one.
 */
#include "mailq_parts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define THREADS     4
#define DEPTH       16  /* Postfix's hash_queue_depth goes no further */
#define LOOK_EVERY  256 /* entries between two looks at the clock */
#define RECORDS_MAX 1024

struct scan {
    const struct mailq_layout *layout;
    bool count_only;
    mailq_name_each *each; /* NULL: they are counted */
    void *state;
    int64_t deadline;
    int fd; /* the queue's own folder */
    struct texts below;
    atomic_size_t next; /* of below */
};

/* What one thread has found. */
struct count {
    struct scan *scan;
    uint64_t messages;
    int64_t oldest;
    int error; /* errno; 0: none */
    pthread_t thread;
};

/* Of one folder: the file without a time in its name that was made first. */
struct eldest {
    int64_t born;
    char name[NAME_MAX + 1];
};

int mailq_left(int64_t deadline)
{
    int64_t left = deadline - clock_steady_ms();
    return left < 1 ? 1 : left > 86400000 ? 86400000 : (int)left;
}

int64_t mailq_earlier(int64_t a, int64_t b)
{
    return a == 0 || (b != 0 && b < a) ? b : a;
}

/* ---- one file ---- */

/* The next record: its type, its text (which it is cut to); 0 at the end or when it is damaged. */
static int next_record(struct span *bytes, struct span *text)
{
    size_t len = 0;
    unsigned shift = 0;
    if (bytes->len < 2)
        return 0;
    int type = *bytes->at;
    for (*bytes = span_skip(*bytes, 1); bytes->len > 0 && shift < 28; shift += 7) {
        unsigned char byte = (unsigned char)*bytes->at;
        *bytes = span_skip(*bytes, 1);
        len |= (size_t)(byte & 127) << shift;
        if (byte < 128)
            break;
    }
    if (len > bytes->len)
        return 0;
    *text = (struct span){bytes->at, len};
    *bytes = span_skip(*bytes, len);
    return type;
}

static int64_t recorded_time(struct span bytes)
{
    struct span text;
    for (int type; (type = next_record(&bytes, &text)) != 0;) {
        unsigned long long time;
        const char *blank = memchr(text.at, ' ', text.len);
        if (type != 'T')
            continue;
        if (!span_number(blank == NULL ? text : span_of(text.at, blank), &time))
            return 0;
        return time > (unsigned long long)clock_now() + 86400 ? 0 : (int64_t)time;
    }
    return 0;
}

/* 0: it is gone, or does not say. */
static int64_t read_arrival(int folder, const char *name)
{
    char bytes[RECORDS_MAX];
    int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    ssize_t got = fd < 0 ? 0 : read(fd, bytes, sizeof bytes);
    if (fd >= 0)
        close(fd);
    return got <= 0 ? 0 : recorded_time((struct span){bytes, (size_t)got});
}

/* When it was made: where the file system does not know, by its record, or the last writing. */
static int64_t made_at(const struct scan *scan, int folder, const char *name,
                       const struct statx *st)
{
    int64_t recorded = 0;
    if (st->stx_mask & STATX_BTIME)
        return st->stx_btime.tv_sec;
    if (scan->layout->reads_record)
        recorded = read_arrival(folder, name);
    return recorded != 0 ? recorded : st->stx_mtime.tv_sec;
}

static void look(struct count *count, int folder, const struct dirent *entry, struct eldest *eldest)
{
    const struct scan *scan = count->scan;
    int64_t arrival = scan->count_only ? 0 : scan->layout->arrival(entry->d_name);
    struct statx st;
    if (entry->d_type == DT_UNKNOWN || scan->layout->checks_mode ||
        (arrival == 0 && !scan->count_only)) {
        if (statx(folder, entry->d_name, AT_SYMLINK_NOFOLLOW | AT_STATX_DONT_SYNC,
                  STATX_TYPE | STATX_MODE | STATX_MTIME | STATX_BTIME, &st) != 0) {
            if (errno != ENOENT)
                count->error = errno;
            return;
        }
        if (!S_ISREG(st.stx_mode) ||
            (scan->layout->checks_mode && (st.stx_mode & S_IRWXU) != S_IRWXU))
            return;
    }
    if (scan->each != NULL)
        scan->each(scan->state, entry->d_name);
    count->messages++;
    count->oldest = mailq_earlier(count->oldest, arrival);
    if (arrival != 0 || scan->count_only)
        return;
    int64_t born = made_at(scan, folder, entry->d_name, &st);
    if (eldest->born != 0 && eldest->born <= born)
        return;
    eldest->born = born;
    memcpy(eldest->name, entry->d_name, strlen(entry->d_name) + 1);
}

/* ---- one folder ---- */

static bool is_folder(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && entry->d_name[0] != '\0' && entry->d_name[1] == '\0' &&
           (entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN);
}

static void walk_below(struct count *count, int parent, const char *name, unsigned depth);

/* Takes fd. Sub-folders are gone through, or noted in `below`. */
static void walk(struct count *count, int fd, unsigned depth, struct texts *below)
{
    struct eldest eldest = {0};
    DIR *dir = fdopendir(fd);
    struct dirent *entry;
    if (dir == NULL) {
        count->error = errno;
        close(fd);
        return;
    }
    for (unsigned i = 1; count->error == 0 && (errno = 0, entry = readdir(dir)) != NULL; i++) {
        if (i % LOOK_EVERY == 0 && clock_steady_ms() > count->scan->deadline)
            count->error = ETIMEDOUT;
        else if (is_folder(entry) && below != NULL)
            texts_add(below, entry->d_name);
        else if (is_folder(entry))
            walk_below(count, fd, entry->d_name, depth + 1);
        else if ((entry->d_type == DT_REG || entry->d_type == DT_UNKNOWN) &&
                 count->scan->layout->is_message(entry->d_name))
            look(count, fd, entry, &eldest);
    }
    if (count->error == 0)
        count->error = errno;
    if (eldest.born != 0) {
        int64_t recorded = count->scan->layout->reads_record ? read_arrival(fd, eldest.name) : 0;
        count->oldest = mailq_earlier(count->oldest, recorded != 0 ? recorded : eldest.born);
    }
    closedir(dir);
}

static void walk_below(struct count *count, int parent, const char *name, unsigned depth)
{
    int fd = depth > DEPTH ? -1
                           : openat(parent, name,
                                    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd >= 0)
        walk(count, fd, depth, NULL);
    else if (depth <= DEPTH && errno != ENOENT && errno != ENOTDIR)
        count->error = errno; /* no folder, or no longer one, holds no messages */
}

/* ---- all of them ---- */

static void *work(void *argument)
{
    struct count *count = argument;
    struct scan *scan = count->scan;
    size_t at;
    while (count->error == 0 && (at = atomic_fetch_add(&scan->next, 1)) < scan->below.len)
        walk_below(count, scan->fd, scan->below.at[at], 1);
    return NULL;
}

/* Without a further thread the first one does it all; who is told of each shall not be told by
 * several. */
static void walk_all_below(struct count counts[THREADS])
{
    unsigned started = 1, most = counts->scan->each != NULL ? 1 : THREADS;
    while (started < most && started < counts->scan->below.len &&
           pthread_create(&counts[started].thread, NULL, work, &counts[started]) == 0)
        started++;
    work(&counts[0]);
    for (unsigned i = 1; i < started; i++)
        pthread_join(counts[i].thread, NULL);
}

static int scan_folder(struct scan *scan, int dir, const char *name, struct mailq_queue *queue,
                       struct strbuf *why)
{
    struct count counts[THREADS] = {0};
    int error = 0;
    for (unsigned i = 0; i < THREADS; i++)
        counts[i].scan = scan;
    scan->fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK);
    int listed = scan->fd < 0 ? -1 : openat(scan->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (listed >= 0) {
        walk(&counts[0], listed, 0, &scan->below);
        walk_all_below(counts);
    } else {
        counts[0].error = errno;
    }
    for (unsigned i = 0; i < THREADS; i++) {
        queue->messages += counts[i].messages;
        queue->oldest = mailq_earlier(queue->oldest, counts[i].oldest);
        error = error != 0 ? error : counts[i].error;
    }
    if (scan->fd >= 0)
        close(scan->fd);
    texts_clear(&scan->below);
    errno = error;
    return error == 0 ? 0
                      : strbuf_why(why, "%s: %s", name,
                                   error == ETIMEDOUT ? "took too long" : strerror(error));
}

int mailq_folder(int dir, const char *name, const struct mailq_layout *layout, bool count_only,
                 int64_t deadline, struct mailq_queue *queue, struct strbuf *why)
{
    struct scan scan = {.layout = layout, .count_only = count_only, .deadline = deadline};
    return scan_folder(&scan, dir, name, queue, why);
}

int mailq_folder_names(int dir, const char *name, const struct mailq_layout *layout,
                       int64_t deadline, mailq_name_each *each, void *state, struct strbuf *why)
{
    struct mailq_queue queue = {0};
    struct scan scan = {
        .layout = layout, .count_only = true, .each = each, .state = state, .deadline = deadline};
    return scan_folder(&scan, dir, name, &queue, why);
}
