/* spool - a mail that was kept is there after any kill and any refused call, whole; hostile files
 * are set aside; what was sent is remembered.
 *
 * The calls that change something are counted on their way to the kernel, as in vault_kill_test.
 */
#include "spamgear/store/spool.h"

#include "spamgear/base/clock.h"
#include "test.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static enum { NOTHING, KILL_BEFORE, KILL_AFTER, FAIL } what;
static unsigned at_call, calls;

static bool before(void)
{
    if (what == NOTHING || ++calls != at_call)
        return false;
    if (what == KILL_BEFORE)
        kill(getpid(), SIGKILL);
    errno = ENOSPC;
    return what == FAIL;
}

static long after(long result)
{
    if (what == KILL_AFTER && calls == at_call)
        kill(getpid(), SIGKILL);
    return result;
}

#define COUNTED(...) before() ? -1 : after(syscall(__VA_ARGS__))

ssize_t write(int fd, const void *at, size_t len)
{
    return COUNTED(SYS_write, fd, at, len);
}

int fsync(int fd)
{
    return (int)(COUNTED(SYS_fsync, fd));
}

int unlinkat(int folder, const char *name, int flags)
{
    return (int)(COUNTED(SYS_unlinkat, folder, name, flags));
}

int mkdirat(int folder, const char *name, mode_t mode)
{
    return (int)(COUNTED(SYS_mkdirat, folder, name, mode));
}

int renameat(int from, const char *old, int to, const char *name)
{
    return (int)(COUNTED(SYS_renameat2, from, old, to, name, 0));
}

/* ---- a mail ---- */

static struct spool_mail make_mail(const char *body)
{
    struct spool_mail mail = {.route = mem_text("emergency"),
                              .from = mem_text("spamgear@example.net"),
                              .queued = clock_now(),
                              .next_try = clock_now() + 300,
                              .attempts = 2,
                              .last_why = mem_text("mx: 451 later\nqueued 7")};
    texts_add(&mail.to, "a@example.net");
    texts_add(&mail.to, "b@example.net");
    strbuf_add_text(&mail.message, body);
    return mail;
}

static void test_same(const struct spool_mail *got, const char *body)
{
    test_text("route", got->route, "emergency");
    test_text("from", got->from, "spamgear@example.net");
    test_number("recipients", (int64_t)got->to.len, 2);
    test_text("second", got->to.at[1], "b@example.net");
    test_number("queued", got->queued, 1795282389);
    test_number("next", got->next_try, 1795282389 + 300);
    test_number("attempts", got->attempts, 2);
    test_text("why", got->last_why, "mx: 451 later\\nqueued 7");
    test_text("message", strbuf_text(&got->message), body);
}

static void test_round(void)
{
    struct spool_mail mail = make_mail("To: a\r\n\r\nmessage 3 x\r\n"), got;
    struct texts names = {0};
    struct strbuf why = {0};
    struct spool *spool = spool_open("spool", 2, &why);
    test_number("kept", spool_keep(spool, &mail, &why), 0);
    test_number("listed", spool_list(spool, &names, &why), 0);
    test_number("one", (int64_t)names.len, 1);
    test_number("read", spool_read(spool, names.at[0], &got, &why), 0);
    test_same(&got, "To: a\r\n\r\nmessage 3 x\r\n");
    got.attempts = 3;
    test_number("new state", spool_keep(spool, &got, &why), 0);
    spool_mail_clear(&got);
    test_number("read again", spool_read(spool, names.at[0], &got, &why), 0);
    test_number("attempts", got.attempts, 3);
    struct spool_mail more = make_mail("x"), most = make_mail("y");
    test_number("second", spool_keep(spool, &more, &why), 0);
    test_number("a third", spool_keep(spool, &most, &why), -1);
    test_text("why", strbuf_text(&why), "spool: 2 mails wait there already");
    test_number("given up", spool_give_up(spool, &got, &why), 0);
    test_number("done", spool_done(spool, &more, &why), 0);
    texts_clear(&names);
    spool_list(spool, &names, &why);
    test_number("none", (int64_t)names.len, 0);
    char path[200];
    struct stat st;
    snprintf(path, sizeof path, "spool/failed/%s", got.name);
    test_true("it is in failed", stat(path, &st) == 0 && (st.st_mode & 0777) == 0600);
    test_true("folder", stat("spool", &st) == 0 && (st.st_mode & 0777) == 0700);
    unlink(path);
    rmdir("spool/failed");
    spool_close(spool);
    spool_mail_clear(&mail);
    spool_mail_clear(&got);
    spool_mail_clear(&more);
    spool_mail_clear(&most);
    texts_clear(&names);
    strbuf_clear(&why);
}

/* ---- hostile files ---- */

static void put(const char *path, struct span bytes)
{
    FILE *f = fopen(path, "w");
    test_true(path, f != NULL && fwrite(bytes.at, 1, bytes.len, f) == bytes.len && fclose(f) == 0);
}

static void test_cut(void)
{
    struct spool_mail mail = make_mail("abc"), got;
    struct strbuf text = {0};
    spool_mail_write(&text, &mail);
    for (size_t len = 0; len < text.len; len++)
        test_number("cut", spool_mail_parse(&got, (struct span){text.data, len}, NULL), -1);
    test_number("whole", spool_mail_parse(&got, strbuf_span(&text), NULL), 0);
    spool_mail_clear(&got);
    for (size_t i = 0; i < text.len; i++) {
        text.data[i] ^= 1;
        test_number("a bit", spool_mail_parse(&got, strbuf_span(&text), NULL), -1);
        text.data[i] ^= 1;
    }
    strbuf_add_char(&text, 'x');
    test_number("longer", spool_mail_parse(&got, strbuf_span(&text), NULL), -1);
    spool_mail_clear(&mail);
    strbuf_clear(&text);
}

static void test_hostile(void)
{
    struct spool *spool = spool_open("spool", 0, NULL);
    struct texts names = {0};
    struct strbuf why = {0};
    struct spool_mail mail;
    put("spool/1.mail", SPAN("nonsense"));
    put("outside", SPAN("secret"));
    test_true("link", symlink("../outside", "spool/2.mail") == 0);
    test_true("fifo", mkfifo("spool/3.mail", 0600) == 0);
    test_true("folder", mkdir("spool/4.mail", 0700) == 0);
    put("spool/5.mail", SPAN("x"));
    test_true("open to others", chmod("spool/5.mail", 0666) == 0);
    spool_list(spool, &names, &why);
    test_number("five", (int64_t)names.len, 5);
    for (size_t i = 0; i < names.len; i++)
        test_number(names.at[i], spool_read(spool, names.at[i], &mail, &why), -1);
    test_text("says", strbuf_text(&why), "spool/5.mail: is no mail of ours: it is now 5.mail.bad");
    texts_clear(&names);
    spool_list(spool, &names, &why);
    test_number("set aside", (int64_t)names.len, 0);
    test_true("kept", access("spool/1.mail.bad", F_OK) == 0 && access("outside", F_OK) == 0);
    unlink("outside");
    unlink("spool/1.mail.bad");
    unlink("spool/2.mail.bad");
    unlink("spool/3.mail.bad");
    rmdir("spool/4.mail.bad");
    unlink("spool/5.mail.bad");
    spool_close(spool);
    texts_clear(&names);
    strbuf_clear(&why);
}

static void test_open_folder(void)
{
    struct strbuf why = {0};
    test_true("open to others", mkdir("open", 0700) == 0 && chmod("open", 0777) == 0);
    test_true("refused", spool_open("open", 0, &why) == NULL);
    test_text("says", strbuf_text(&why),
              "open: may be changed by other users, so mails in it are not to be trusted");
    strbuf_reset(&why);
    test_number("foreign", chmod("open", 0700), 0);
    if (chown("open", 65534, 65534) == 0) {
        test_true("of another user", spool_open("open", 0, &why) == NULL);
        test_text("says", strbuf_text(&why),
                  "open: may be changed by other users, so mails in it are not to be trusted");
        test_true("nor behind a link",
                  symlink("open", "link") == 0 && spool_open("link", 0, &why) == NULL);
        unlink("link");
    }
    put("file", SPAN("x"));
    test_true("a file", spool_open("file", 0, &why) == NULL);
    test_true("nowhere", spool_open("/proc/none", 0, &why) == NULL);
    rmdir("open");
    unlink("file");
    strbuf_clear(&why);
}

/* ---- what was sent ---- */

static void test_sent(void)
{
    struct spool *spool = spool_open("spool", 0, NULL);
    struct strbuf why = {0};
    test_true("never", !spool_was_sent(spool, SPAN("a"), 3600));
    test_number("noted", spool_note_sent(spool, SPAN("a"), &why), 0);
    test_true("just now", spool_was_sent(spool, SPAN("a"), 3600));
    test_true("another", !spool_was_sent(spool, SPAN("b"), 3600));
    clock_pin(1795282389 + 3600);
    test_true("long ago", !spool_was_sent(spool, SPAN("a"), 3600));
    test_true("not so long", spool_was_sent(spool, SPAN("a"), 3601));
    clock_pin(1795282389 - 1);
    test_true("in the future", !spool_was_sent(spool, SPAN("a"), 3600));
    clock_pin(1795282389);
    int fd = open("spool/sent", O_WRONLY | O_APPEND);
    test_true("cut line", fd >= 0 && write(fd, "17952823", 8) == 8 && close(fd) == 0);
    spool_note_sent(spool, SPAN("b"), &why);
    test_true("after a cut line", spool_was_sent(spool, SPAN("b"), 3600));
    clock_pin(1795282389 + 8 * 86400);
    for (int i = 0; i < 1000; i++)
        spool_note_sent(spool, SPAN("c"), &why);
    struct stat st;
    test_true("tidied", stat("spool/sent", &st) == 0 && st.st_size < 90000);
    test_true("kept", spool_was_sent(spool, SPAN("c"), 3600) &&
                          !spool_was_sent(spool, SPAN("b"), 9 * 86400));
    clock_pin(1795282389);
    unlink("spool/sent");
    spool_close(spool);
    strbuf_clear(&why);
}

static void test_lock(void)
{
    struct spool *one = spool_open("spool", 0, NULL), *other = spool_open("spool", 0, NULL);
    test_number("first", spool_lock(one, NULL), 1);
    test_number("second", spool_lock(other, NULL), 0);
    spool_close(one);
    test_number("when the first is gone", spool_lock(other, NULL), 1);
    spool_close(other);
}

/* ---- killed, refused ---- */

#define NEVER_REACHED 9

/* Status: 0 the old mail is settled and the new one kept, 1 refused. */
static void run_child(void)
{
    struct spool *spool = spool_open("spool", 0, NULL);
    struct texts names = {0};
    struct spool_mail old = {0}, fresh = make_mail("new");
    spool_list(spool, &names, NULL);
    bool good = names.len == 1 && spool_read(spool, names.at[0], &old, NULL) == 0;
    old.attempts++;
    good = good && spool_keep(spool, &old, NULL) == 0;
    good = spool_keep(spool, &fresh, NULL) == 0 && good;
    good = good && spool_give_up(spool, &old, NULL) == 0;
    _exit(calls < at_call ? NEVER_REACHED : good ? 0 : 1);
}

static int run_apart(void)
{
    int status = -1;
    pid_t child = fork();
    if (child == 0) {
        calls = 0;
        run_child();
    }
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* How many of these are whole mails, with that body. Removes them all. */
static unsigned count_and_clear(const char *folder, const char *body, unsigned *others)
{
    struct spool *spool = spool_open(folder, 0, NULL);
    struct texts names = {0};
    unsigned found = 0;
    spool_list(spool, &names, NULL);
    for (size_t i = 0; i < names.len; i++) {
        struct spool_mail mail;
        test_number("whole", spool_read(spool, names.at[i], &mail, NULL), 0);
        if (strcmp(strbuf_text(&mail.message), body) == 0)
            found++;
        else
            ++*others;
        spool_done(spool, &mail, NULL);
        spool_mail_clear(&mail);
    }
    texts_clear(&names);
    spool_close(spool);
    return found;
}

/* One round; false when the run has no such call. */
static bool test_at(unsigned call, int way)
{
    struct spool *spool = spool_open("spool", 0, NULL);
    struct spool_mail mail = make_mail("old");
    spool_keep(spool, &mail, NULL);
    spool_mail_clear(&mail);
    spool_close(spool);
    what = way;
    at_call = call;
    int status = run_apart();
    what = NOTHING;
    unsigned fresh = 0, failed_fresh = 0;
    unsigned old = count_and_clear("spool", "old", &fresh);
    old += count_and_clear("spool/failed", "old", &failed_fresh);
    test_number("the old one is there, once", old, 1);
    test_true("a new one that was kept is there", status != 0 || fresh == 1);
    test_true("at most one new one", fresh <= 1);
    return status != NEVER_REACHED;
}

static void test_kills(void)
{
    for (int way = KILL_BEFORE; way <= FAIL; way++) {
        unsigned call = 1;
        while (test_at(call, way) && call < 100)
            call++;
        test_true("reached the end", call > 10 && call < 100);
    }
}

int main(void)
{
    char dir[] = "/tmp/spool_test.XXXXXX";
    if (mkdtemp(dir) == NULL || chdir(dir) != 0)
        return 1;
    clock_pin(1795282389);
    test_round();
    test_cut();
    test_hostile();
    test_open_folder();
    test_sent();
    test_lock();
    test_kills();
    rmdir("spool/failed");
    /* what killed runs left half written goes after a day */
    clock_pin((int64_t)time(NULL) + 2 * 86400);
    unsigned others = 0;
    test_number("nothing is left", count_and_clear("spool", "", &others), 0);
    clock_pin(0);
    test_true("spool is empty", rmdir("spool") == 0);
    test_true("folder is empty", chdir("/") == 0 && rmdir(dir) == 0);
    return test_end();
}
