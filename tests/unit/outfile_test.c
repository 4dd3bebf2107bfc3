/* outfile - a reader sees the old file or the whole new one; nothing else stays behind, whatever
 * fails. */
#include "spamgear/base/outfile.h"

#include "test.h"
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void put(const char *path, const char *text, mode_t mode)
{
    FILE *f = fopen(path, "w");
    test_true(path, f != NULL && fputs(text, f) >= 0 && fclose(f) == 0 && chmod(path, mode) == 0);
}

static void test_content(const char *name, const char *path, const char *want)
{
    char got[100] = "";
    FILE *f = fopen(path, "r");
    size_t len = f == NULL ? 0 : fread(got, 1, sizeof got - 1, f);
    if (f != NULL)
        fclose(f);
    test_bytes(name, got, len, want, strlen(want));
}

static unsigned mode_of(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0 ? st.st_mode & 07777 : 0;
}

/* Files in the folder, without "." and "..". */
static int files_here(void)
{
    DIR *dir = opendir(".");
    int count = -2;
    while (dir != NULL && readdir(dir) != NULL)
        count++;
    closedir(dir);
    return count;
}

static void write_it(const char *path, const char *text)
{
    struct outfile file;
    struct strbuf why = {0};
    test_number("opens", outfile_open(&file, path, &why), 0);
    fputs(text, file.stream);
    test_number("commits", outfile_commit(&file, &why), 0);
    test_true("frees", file.stream == NULL && file.path == NULL && file.temp == NULL);
    outfile_abandon(&file);
    strbuf_clear(&why);
}

static void test_new(void)
{
    umask(077);
    write_it("new", "first\n");
    test_content("new", "new", "first\n");
    test_number("readable for all, whatever the umask", mode_of("new"), 0644);
    chmod("new", 0640);
    write_it("./new", "second\n");
    test_content("replaced", "new", "second\n");
    test_number("mode kept", mode_of("new"), 0640);
    write_it("new", "");
    test_content("empty", "new", "");
    chmod("new", 04755);
    write_it("new", "x");
    test_number("but nobody's rights are handed on", mode_of("new"), 0755);
    test_number("one file", files_here(), 1);
    unlink("new");
}

static void test_abandon(void)
{
    struct outfile file;
    put("old", "old\n", 0600);
    test_number("opens", outfile_open(&file, "old", NULL), 0);
    fputs("half of", file.stream);
    fflush(file.stream);
    test_number("a second file meanwhile", files_here(), 2);
    test_content("the old one stands meanwhile", "old", "old\n");
    outfile_abandon(&file);
    test_content("the old one stands", "old", "old\n");
    test_number("nothing else", files_here(), 1);
    unlink("old");
}

/* What happens when the disk takes no more than a page: when flushed, and while writing. */
static int write_too_much(size_t bytes)
{
    struct outfile file;
    struct strbuf why = {0};
    struct rlimit limit = {4096, 4096};
    signal(SIGXFSZ, SIG_IGN);
    if (outfile_open(&file, "old", &why) != 0 || setrlimit(RLIMIT_FSIZE, &limit) != 0)
        return 2;
    for (size_t i = 0; i < bytes; i++)
        fputc('x', file.stream);
    errno = 0; /* the failure may lie long back */
    int result = outfile_commit(&file, &why);
    bool told = strcmp(strbuf_text(&why), "old: File too large") == 0;
    strbuf_clear(&why);
    return result == -1 && told ? 0 : 1;
}

static void test_full(size_t bytes)
{
    int status = 0;
    put("old", "old\n", 0600);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0)
        _exit(write_too_much(bytes));
    test_true("ended", waitpid(child, &status, 0) == child && WIFEXITED(status));
    test_number("fails and says why", WEXITSTATUS(status), 0);
    test_content("the old one stands", "old", "old\n");
    test_number("nothing else", files_here(), 1);
    unlink("old");
}

/* A link, a device or a folder is not replaced by a file: root would lose /dev/null. */
static const struct {
    const char *name, *why;
} refused[] = {
    {"folder", "folder: is no regular file"},
    {"fifo", "fifo: is no regular file"},
    {"link", "link: is a symbolic link, which is neither followed nor replaced"},
    {"dangling", "dangling: is a symbolic link, which is neither followed nor replaced"},
    {"none/x", "none/x: No such file or directory"},
    {"target/x", "target/x: Not a directory"},
    {"", ": No such file or directory"},
};

static void test_refused(void)
{
    test_true("folder", mkdir("folder", 0700) == 0);
    test_true("fifo", mkfifo("fifo", 0600) == 0);
    put("target", "target\n", 0600);
    test_true("links", symlink("target", "link") == 0 && symlink("nowhere", "dangling") == 0);
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct outfile file;
        struct strbuf why = {0};
        test_number(refused[i].name, outfile_open(&file, refused[i].name, &why), -1);
        test_text(refused[i].name, strbuf_text(&why), refused[i].why);
        outfile_abandon(&file); /* harmless then */
        test_number("without why", outfile_open(&file, refused[i].name, NULL), -1);
        strbuf_clear(&why);
    }
    test_number("nothing new", files_here(), 5);
    test_content("target", "target", "target\n");
    rmdir("folder");
    unlink("fifo");
    unlink("link");
    unlink("dangling");
    unlink("target");
}

/* The folder goes while we write: no file, no success. */
static void test_gone(void)
{
    struct outfile file;
    struct strbuf why = {0};
    test_true("folder", mkdir("folder", 0700) == 0);
    test_number("opens", outfile_open(&file, "folder/x", &why), 0);
    fputs("x", file.stream);
    unlink(file.temp);
    rmdir("folder");
    test_number("fails", outfile_commit(&file, &why), -1);
    test_text("says", strbuf_text(&why), "folder/x: No such file or directory");
    test_number("nothing", files_here(), 0);
    strbuf_clear(&why);
}

/* A list that a mail server reads by its group stays its group's; root alone can give files away.
 */
static void test_owner(void)
{
    struct outfile file;
    struct stat st = {0};
    gid_t group = geteuid() == 0 ? 4711 : getegid();
    test_number("a new one", outfile_open(&file, "list", NULL), 0);
    test_number("a new one has nobody's", outfile_keep_owner(&file, NULL), 0);
    test_number("written", outfile_commit(&file, NULL), 0);
    test_true("given away", chown("list", (uid_t)-1, group) == 0 && chmod("list", 0640) == 0);
    test_number("again", outfile_open(&file, "list", NULL), 0);
    test_number("keeps", outfile_keep_owner(&file, NULL), 0);
    test_number("written again", outfile_commit(&file, NULL), 0);
    test_true("there", stat("list", &st) == 0);
    test_number("group", st.st_gid, group);
    test_number("mode", st.st_mode & 07777, 0640);
    unlink("list");
}

int main(void)
{
    char dir[] = "/tmp/outfile_test.XXXXXX";
    if (mkdtemp(dir) == NULL || chdir(dir) != 0)
        return 1;
    test_new();
    test_abandon();
    test_full(5000);   /* more than the limit, all still in the stream's buffer or just out */
    test_full(100000); /* the stream failed while it was written */
    test_refused();
    test_gone();
    test_owner();
    test_true("folder is empty", rmdir(dir) == 0);
    return test_end();
}
