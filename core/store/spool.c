/* spool - the folder: write, sync, rename, sync the folder; only then is a mail kept.
 *
 * QUEUED-RANDOM.mail     a mail; names sort by age
 * .new-RANDOM            one being written; a killed run leaves it, and it goes after a day
 * NAME.bad               was no whole spool file
 * failed/NAME            was given up
 * sent                   "TIME HASH" lines: what was sent (SHA-256 of its key)
 *
 * The lock is flock(2) on the folder itself, so it ends with its process, however that ends, and
 * leaves nothing behind.
 */
#include "spamgear/store/spool.h"

#include "spamgear/base/clock.h"
#include "spamgear/base/digest.h"
#include "spamgear/base/path.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX    (16u << 20) /* bytes of a spool file, and of `sent` */
#define LISTED_MAX  100000      /* names that are looked at */
#define SENT_LARGE  (64u << 10) /* bytes of `sent` from which on it is tidied */
#define SENT_KEPT_S (7 * 86400)
#define TEMP_KEPT_S 86400
#define RANDOM_TEXT 17
#define TEMP_PREFIX ".new-"

struct spool {
    char *folder;
    int fd;
    uint64_t most;
};

static int tell(const struct spool *spool, const char *name, struct strbuf *why)
{
    return strbuf_why(why, "%s%s%s: %s", spool->folder, *name != '\0' ? "/" : "", name,
                      strerror(errno));
}

/* ---- the folder ---- */

struct spool *spool_open(const char *folder, uint64_t most, struct strbuf *why)
{
    struct stat st;
    int fd = path_make_folder(folder, 0700, why);
    if (fd < 0)
        return NULL;
    if (fstat(fd, &st) != 0 || !path_is_private(&st)) {
        strbuf_why(why, "%s: may be changed by other users, so mails in it are not to be trusted",
                   folder);
        close(fd);
        return NULL;
    }
    struct spool *spool = mem_zero(1, sizeof *spool);
    *spool = (struct spool){mem_text(folder), fd, most};
    return spool;
}

void spool_close(struct spool *spool)
{
    if (spool == NULL)
        return;
    close(spool->fd);
    free(spool->folder);
    free(spool);
}

int spool_lock(struct spool *spool, struct strbuf *why)
{
    if (flock(spool->fd, LOCK_EX | LOCK_NB) == 0)
        return 1;
    return errno == EWOULDBLOCK ? 0 : tell(spool, "", why);
}

/* ---- whole files ---- */

static int write_all(int fd, struct span bytes)
{
    while (bytes.len > 0) {
        ssize_t done = write(fd, bytes.at, bytes.len);
        if (done < 0 && errno != EINTR)
            return -1;
        bytes = span_skip(bytes, done < 0 ? 0 : (size_t)done);
    }
    return 0;
}

static void make_random(char text[RANDOM_TEXT])
{
    uint64_t number = 0;
    if (getrandom(&number, sizeof number, 0) != sizeof number)
        number = (uint64_t)getpid() << 32 ^ (uint64_t)clock_steady_ms();
    snprintf(text, RANDOM_TEXT, "%016" PRIx64, number);
}

/* Writes and syncs under a name of its own. */
static int write_temp(const struct spool *spool, const char *temp, struct span bytes)
{
    int fd = openat(spool->fd, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return -1;
    int result = write_all(fd, bytes) == 0 && fsync(fd) == 0 ? 0 : -1;
    int saved = errno;
    if (close(fd) != 0 && result == 0) {
        result = -1;
        saved = errno;
    }
    if (result != 0)
        unlinkat(spool->fd, temp, 0);
    errno = saved;
    return result;
}

static int put_file(const struct spool *spool, const char *name, struct span bytes,
                    struct strbuf *why)
{
    char number[RANDOM_TEXT], temp[sizeof TEMP_PREFIX + RANDOM_TEXT];
    make_random(number);
    snprintf(temp, sizeof temp, TEMP_PREFIX "%s", number);
    if (write_temp(spool, temp, bytes) != 0)
        return tell(spool, name, why);
    if (renameat(spool->fd, temp, spool->fd, name) == 0 && fsync(spool->fd) == 0)
        return 0;
    int result = tell(spool, name, why);
    unlinkat(spool->fd, temp, 0);
    return result;
}

/* What is in a file. 0, or -1 with errno: EFBIG, and EINVAL for what is no file of ours. */
static int get_file(const struct spool *spool, const char *name, struct strbuf *text)
{
    struct stat st;
    int fd = openat(spool->fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return -1;
    int result = fstat(fd, &st);
    if (result == 0 && (!S_ISREG(st.st_mode) || !path_is_private(&st) || st.st_size > FILE_MAX)) {
        errno = st.st_size > FILE_MAX ? EFBIG : EINVAL;
        result = -1;
    }
    char block[8192];
    ssize_t got = 0;
    while (result == 0 && text->len <= FILE_MAX && (got = read(fd, block, sizeof block)) != 0) {
        if (got > 0)
            strbuf_add(text, block, (size_t)got);
        else if (errno != EINTR)
            result = -1;
    }
    int saved = errno;
    close(fd);
    errno = saved;
    return result;
}

/* ---- mails ---- */

static bool is_mail_name(const char *name)
{
    return *name != '.' && span_has_suffix(span_text(name), SPAN(".mail"));
}

static uint64_t count(struct spool *spool)
{
    struct texts names = {0};
    uint64_t len = spool_list(spool, &names, NULL) == 0 ? names.len : 0;
    texts_clear(&names);
    return len;
}

static void make_name(struct spool_mail *mail)
{
    char number[RANDOM_TEXT];
    struct strbuf name = {0};
    make_random(number);
    strbuf_format(&name, "%012" PRId64 "-%s.mail", mail->queued, number);
    mail->name = strbuf_take(&name);
}

int spool_keep(struct spool *spool, struct spool_mail *mail, struct strbuf *why)
{
    bool fresh = mail->name == NULL;
    struct strbuf text = {0};
    if (fresh && spool->most > 0 && count(spool) >= spool->most)
        return strbuf_why(why, "%s: %" PRIu64 " mails wait there already", spool->folder,
                          spool->most);
    spool_mail_write(&text, mail);
    int result = 0;
    if (text.len > FILE_MAX)
        result = strbuf_why(why, "the mail is larger than %u bytes", FILE_MAX);
    if (result == 0 && fresh)
        make_name(mail);
    if (result == 0)
        result = put_file(spool, mail->name, strbuf_span(&text), why);
    if (result != 0 && fresh) {
        free(mail->name);
        mail->name = NULL;
    }
    strbuf_clear(&text);
    return result;
}

int spool_done(struct spool *spool, const struct spool_mail *mail, struct strbuf *why)
{
    if (unlinkat(spool->fd, mail->name, 0) == 0 && fsync(spool->fd) == 0)
        return 0;
    return tell(spool, mail->name, why);
}

static int move_to(struct spool *spool, const char *name, const char *folder, struct strbuf *why)
{
    if (mkdirat(spool->fd, folder, 0700) != 0 && errno != EEXIST)
        return tell(spool, folder, why);
    int to = openat(spool->fd, folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (to < 0)
        return tell(spool, folder, why);
    int result = 0;
    if (renameat(spool->fd, name, to, name) != 0 || fsync(to) != 0 || fsync(spool->fd) != 0)
        result = tell(spool, name, why);
    close(to);
    return result;
}

int spool_give_up(struct spool *spool, const struct spool_mail *mail, struct strbuf *why)
{
    return move_to(spool, mail->name, "failed", why);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* What a killed run left half written. */
static void forget_temp(const struct spool *spool, const char *name)
{
    struct stat st;
    if (fstatat(spool->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
        clock_now() - st.st_mtim.tv_sec > TEMP_KEPT_S)
        unlinkat(spool->fd, name, 0);
}

int spool_list(struct spool *spool, struct texts *names, struct strbuf *why)
{
    int fd = openat(spool->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;
    if (folder == NULL) {
        int result = tell(spool, "", why);
        if (fd >= 0)
            close(fd);
        return result;
    }
    while (names->len < LISTED_MAX && (entry = readdir(folder)) != NULL) {
        if (is_mail_name(entry->d_name))
            texts_add(names, entry->d_name);
        else if (strncmp(entry->d_name, TEMP_PREFIX, sizeof TEMP_PREFIX - 1) == 0)
            forget_temp(spool, entry->d_name);
    }
    closedir(folder);
    if (names->len > 0)
        qsort(names->at, names->len, sizeof *names->at, by_name);
    return 0;
}

/* Such a file would be told at each run, and never be sent. */
static int set_aside(struct spool *spool, const char *name, struct strbuf *why)
{
    struct strbuf other = {0}, what = {0};
    strbuf_format(&other, "%s.bad", name);
    strbuf_add_text(&what, strbuf_text(why));
    if (renameat(spool->fd, name, spool->fd, strbuf_text(&other)) == 0)
        strbuf_why(why, "%s/%s: %s: it is now %s", spool->folder, name, strbuf_text(&what),
                   strbuf_text(&other));
    else
        strbuf_why(why, "%s/%s: %s: it cannot be set aside: %s", spool->folder, name,
                   strbuf_text(&what), strerror(errno));
    strbuf_clear(&other);
    strbuf_clear(&what);
    return -1;
}

int spool_read(struct spool *spool, const char *name, struct spool_mail *mail, struct strbuf *why)
{
    struct strbuf text = {0}, ignored = {0};
    int result;
    *mail = (struct spool_mail){0};
    if (why == NULL)
        why = &ignored;
    if (get_file(spool, name, &text) != 0) {
        int error = errno;
        result = tell(spool, name, why);
        if (error == EINVAL || error == EFBIG || error == ELOOP) {
            strbuf_why(why, "is no mail of ours");
            result = set_aside(spool, name, why);
        }
    } else {
        result = spool_mail_parse(mail, strbuf_span(&text), why);
        if (result != 0)
            result = set_aside(spool, name, why);
        else
            mail->name = mem_text(name);
    }
    strbuf_clear(&text);
    strbuf_clear(&ignored);
    return result;
}

/* ---- what was sent ---- */

/* A key as SHA-256: strangers write parts of reports, and must not be able to make two alike. */
static bool hash_key(struct span key, char text[DIGEST_TEXT + 1], struct strbuf *why)
{
    uint8_t hash[DIGEST_BYTES];
    if (digest_load(why) != 0)
        return false;
    digest_of(key, hash);
    digest_text(hash, text);
    return true;
}

/* "TIME HASH": the time, or -1 when the line is none. *hash gets the rest. */
static int64_t read_sent(struct span line, struct span *hash)
{
    unsigned long long time;
    const char *blank = line.len == 0 ? NULL : memchr(line.at, ' ', line.len);
    if (blank == NULL || !span_number(span_of(line.at, blank), &time) || time > INT64_MAX / 2)
        return -1;
    *hash = span_of(blank + 1, line.at + line.len);
    return hash->len == DIGEST_TEXT ? (int64_t)time : -1;
}

bool spool_was_sent(struct spool *spool, struct span key, int64_t quiet_s)
{
    char want[DIGEST_TEXT + 1];
    struct strbuf text = {0};
    struct span rest, line, hash;
    bool found = false;
    int64_t now = clock_now();
    if (!hash_key(key, want, NULL) || get_file(spool, "sent", &text) != 0) {
        strbuf_clear(&text);
        return false;
    }
    for (rest = strbuf_span(&text); !found && span_take_line(&rest, &line);) {
        int64_t time = read_sent(line, &hash);
        found = time >= 0 && time <= now && now - time < quiet_s && span_is(hash, span_text(want));
    }
    strbuf_clear(&text);
    return found;
}

/* Without what is old. Another run may add a line meanwhile, which is lost then: a report is sent
 * twice at worst. */
static void tidy_sent(struct spool *spool)
{
    struct strbuf text = {0}, kept = {0};
    struct span rest, line, hash;
    int64_t now = clock_now();
    if (get_file(spool, "sent", &text) == 0) {
        for (rest = strbuf_span(&text); span_take_line(&rest, &line);) {
            int64_t time = read_sent(line, &hash);
            if (time >= 0 && time <= now && now - time < SENT_KEPT_S)
                strbuf_format(&kept, "%.*s\n", (int)line.len, line.at);
        }
        put_file(spool, "sent", strbuf_span(&kept), NULL);
    }
    strbuf_clear(&text);
    strbuf_clear(&kept);
}

/* One write at the end of the file, so that runs at the same moment do not mix their lines. It
 * begins a line too: the one before may have been cut by a full disk. */
int spool_note_sent(struct spool *spool, struct span key, struct strbuf *why)
{
    char hash[DIGEST_TEXT + 1];
    struct strbuf line = {0};
    struct stat st = {0};
    if (!hash_key(key, hash, why))
        return -1;
    strbuf_format(&line, "\n%" PRId64 " %s\n", clock_now(), hash);
    int fd =
        openat(spool->fd, "sent", O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    int result = fd >= 0 && fstat(fd, &st) == 0 && write_all(fd, strbuf_span(&line)) == 0
                     ? 0
                     : tell(spool, "sent", why);
    if (fd >= 0)
        close(fd);
    if (result == 0 && st.st_size > SENT_LARGE)
        tidy_sent(spool);
    strbuf_clear(&line);
    return result;
}
