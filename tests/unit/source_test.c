/* source_test - bytes come out as they went in, whatever they are wrapped in.
 *
 * Archives are made by gzip, xz and zstd, which the test run installs.
 */
#include "spamgear/log/source.h"

#include "test.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[] = "/tmp/source_test.XXXXXX";

static const char *in_dir(const char *name)
{
    static char paths[4][512];
    static unsigned turn;
    char *path = paths[turn++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", dir, name);
    return path;
}

static void write_file(const char *name, const char *at, size_t len)
{
    FILE *file = fopen(in_dir(name), "we");
    test_true(name, file != NULL && fwrite(at, 1, len, file) == len);
    if (file != NULL)
        fclose(file);
}

/* Runs a command of the test's own in dir; a missing program fails the test. */
static void run(const char *command)
{
    char line[1024];
    snprintf(line, sizeof line, "cd %s && %s", dir, command);
    test_number(command, system(line), 0);
}

/* Reads to the end by blocks of a size; the result of the last read. */
static ssize_t read_all(struct source *source, size_t block, struct strbuf *out, struct strbuf *why)
{
    char *buf = malloc(block);
    ssize_t n;
    while ((n = source_read(source, buf, block, why)) > 0)
        strbuf_add(out, buf, (size_t)n);
    free(buf);
    return n;
}

static struct strbuf sample; /* log-like text that compresses neither well nor badly */

static void make_sample(void)
{
    unsigned seed = 1;
    for (int i = 0; i < 20000; i++) {
        seed = seed * 1103515245 + 12345;
        strbuf_format(&sample,
                      "Nov 21 10:%02d:%02d mx postfix/smtpd[%u]: %X: client=h%u[192.0.2.1]\n",
                      i / 60 % 60, i % 60, seed >> 20, seed, seed >> 8);
    }
}

/* ---- whole files ---- */

static void expect_text(const char *name, const char *path, size_t block, enum source_kind kind)
{
    struct strbuf got = {0}, why = {0};
    struct source *source = source_open(path, &why);
    test_text(name, strbuf_text(&why), "");
    if (source != NULL) {
        test_number(name, read_all(source, block, &got, &why), 0);
        test_number(name, source->kind, kind);
        test_true(name, source->mtime > 1000000000);
    }
    test_true(name, got.len == sample.len && memcmp(got.data, sample.data, got.len) == 0);
    source_close(source);
    strbuf_clear(&got);
    strbuf_clear(&why);
}

static const struct {
    const char *name;
    const char *make;
    enum source_kind kind;
} wrappings[] = {
    {"plain", "cat <s >w", SOURCE_FILE},
    {"gzip", "gzip <s >w", SOURCE_STREAM},
    {"xz", "xz -1 <s >w", SOURCE_STREAM},
    {"zstd", "zstd -q <s >w", SOURCE_STREAM},
    {"gzip members", "(head -c 1000 s | gzip; gzip </dev/null; tail -c +1001 s | gzip) >w",
     SOURCE_STREAM},
    {"xz streams", "(head -c 1000 s | xz -0; xz </dev/null; tail -c +1001 s | xz -0) >w",
     SOURCE_STREAM},
    {"xz blocks", "xz -0 --block-size=100000 <s >w", SOURCE_STREAM},
    {"zstd frames", "(head -c 1000 s | zstd; zstd </dev/null; tail -c +1001 s | zstd) >w",
     SOURCE_STREAM},
    {"zstd skippable frame first", "(printf '\\120\\052\\115\\030\\003\\0\\0\\0abc'; zstd <s) >w",
     SOURCE_STREAM},
    {"gzip padding", "(gzip <s; head -c 3000 /dev/zero) >w", SOURCE_STREAM},
    {"xz padding", "(xz -0 <s; head -c 300000 /dev/zero) >w", SOURCE_STREAM},
    {"xz padding inside", "(head -c 9 s | xz -0; head -c 4 /dev/zero; tail -c +10 s | xz -0) >w",
     SOURCE_STREAM},
};

static void whole_files(void)
{
    static const size_t blocks[] = {1, 4096, 1 << 20};
    write_file("s", sample.data, sample.len);
    for (size_t i = 0; i < sizeof wrappings / sizeof wrappings[0]; i++) {
        run(wrappings[i].make);
        for (size_t b = i < 4 ? 0 : 1; b < sizeof blocks / sizeof blocks[0]; b++)
            expect_text(wrappings[i].name, in_dir("w"), blocks[b], wrappings[i].kind);
    }
}

/* ---- standard input and FIFOs ---- */

static pid_t feed(const char *path, const char *to)
{
    pid_t child = fork();
    if (child != 0)
        return child;
    execl("/bin/sh", "sh", "-c", "cat <\"$0\" >\"$1\"", path, to, (char *)NULL);
    _exit(127);
}

static void with_stdin(const char *name, int fd, enum source_kind kind)
{
    int keep = dup(STDIN_FILENO);
    test_true(name, dup2(fd, STDIN_FILENO) == STDIN_FILENO);
    expect_text(name, "-", 65536, kind);
    dup2(keep, STDIN_FILENO);
    close(keep);
}

static void from_pipe(const char *name)
{
    int ends[2];
    char to[64];
    test_number(name, pipe(ends), 0);
    snprintf(to, sizeof to, "/dev/fd/%d", ends[1]);
    pid_t child = feed(in_dir("w"), to);
    close(ends[1]);
    with_stdin(name, ends[0], SOURCE_STREAM);
    close(ends[0]);
    waitpid(child, NULL, 0);
}

static void from_fifo(const char *name)
{
    const char *fifo = in_dir("fifo");
    test_number(name, mkfifo(fifo, 0600), 0);
    pid_t child = feed(in_dir("w"), fifo);
    expect_text(name, fifo, 65536, SOURCE_STREAM);
    waitpid(child, NULL, 0);
    unlink(fifo);
}

static void streams(void)
{
    for (size_t i = 0; i < 4; i++) {
        run(wrappings[i].make);
        from_pipe(wrappings[i].name);
        from_fifo(wrappings[i].name);
        int fd = open(in_dir("w"), O_RDONLY | O_CLOEXEC);
        with_stdin("file as standard input", fd, wrappings[i].kind);
        close(fd);
    }
}

/* A shell's <(true) has no writer any more: that is an empty log, not one to wait for. */
static void dead_pipe(void)
{
    int ends[2];
    char path[64];
    struct strbuf got = {0}, why = {0};
    test_number("dead pipe", pipe(ends), 0);
    close(ends[1]);
    snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
    struct source *source = source_open(path, &why);
    test_text("dead pipe", strbuf_text(&why), "");
    test_number("dead pipe", source == NULL ? -2 : read_all(source, 100, &got, &why), 0);
    source_close(source);
    close(ends[0]);
    strbuf_clear(&got);
    strbuf_clear(&why);
}

/* ---- what is refused ---- */

static void refuse(const char *name, const char *path, const char *what)
{
    struct strbuf why = {0}, want = {0};
    struct source *source = source_open(path, &why);
    strbuf_format(&want, "%s: %s", path, what);
    test_true(name, source == NULL);
    test_text(name, strbuf_text(&why), strbuf_text(&want));
    source_close(source);
    strbuf_clear(&want);
    strbuf_clear(&why);
}

static void refuse_socket(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%.80s/socket", dir);
    test_number("socket", bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    refuse("socket", in_dir("socket"), "is a socket");
    close(fd);
}

static void refusals(void)
{
    refuse("missing", in_dir("missing"), "No such file or directory");
    refuse("directory", dir, "is a directory");
    refuse("device", "/dev/null", "is a device");
    write_file("bz", "BZh91AY&SY", 10);
    refuse("bzip2", in_dir("bz"), "is compressed by bzip2, which is not supported");
    refuse_socket();
    if (geteuid() == 0)
        return; /* root may read everything */
    test_number("chmod", chmod(in_dir("bz"), 0), 0);
    refuse("no permission", in_dir("bz"), "Permission denied");
}

/* ---- damage ---- */

static const struct {
    const char *name;
    const char *make;
    const char *what;
    size_t at_least; /* bytes that must have come before the error */
} damages[] = {
    {"gzip cut", "gzip <s | head -c 200000 >w", "is truncated", 100000},
    {"gzip header cut", "gzip <s | head -c 4 >w", "is truncated", 0},
    {"gzip sum cut", "gzip <s | head -c -3 >w", "is truncated", 1},
    {"xz cut", "xz -0 <s | head -c 150000 >w", "is truncated", 100000},
    {"xz header cut", "xz -0 <s | head -c 9 >w", "is truncated", 0},
    {"zstd cut", "zstd <s | head -c 200000 >w", "is truncated", 100000},
    {"zstd header cut", "zstd <s | head -c 5 >w", "is truncated", 0},
    {"second member cut", "(gzip <s; gzip <s | head -c 30) >w", "is truncated", 1000000},
    {"gzip hurt", "(gzip <s | head -c -8; echo 1234567) >w", "is corrupt", 1000000},
    {"xz hurt", "(xz -0 <s | head -c 150000; seq 9999) >w", "is corrupt", 100000},
    {"zstd hurt", "(zstd <s | head -c 200000; seq 9999) >w", "is corrupt", 100000},
    {"gzip and then text", "(gzip <s; echo hello) >w", "is corrupt", 1000000},
    {"xz and then text", "(xz -0 <s; echo hello hello) >w", "is corrupt", 1000000},
    {"zstd and then text", "(zstd <s; echo hello hello) >w", "is corrupt", 1000000},
    {"xz that wants much memory", "xz --lzma2=dict=256MiB,mode=fast,mf=hc3 <s >w",
     "needs more than 128 MB", 0},
};

static void damaged(size_t i, size_t block)
{
    const char *name = damages[i].name;
    struct strbuf got = {0}, why = {0};
    struct source *source = source_open(in_dir("w"), &why);
    test_true(name, source != NULL);
    if (source != NULL) {
        test_number(name, read_all(source, block, &got, &why), -1);
        test_true(strbuf_text(&why), strstr(strbuf_text(&why), damages[i].what) != NULL);
        test_true(strbuf_text(&why), strncmp(strbuf_text(&why), dir, strlen(dir)) == 0);
        test_number(name, read_all(source, block, &got, &why), -1);
    }
    test_true(name, got.len >= damages[i].at_least);
    size_t len = got.len < damages[i].at_least ? got.len : damages[i].at_least;
    test_true(name, len == 0 || memcmp(got.data, sample.data, len) == 0);
    source_close(source);
    strbuf_clear(&got);
    strbuf_clear(&why);
}

static void damages_all(void)
{
    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        run(damages[i].make);
        damaged(i, 1 << 20);
        damaged(i, 3000);
    }
}

/* ---- a bomb is long, never big ---- */

static const char *const bombs[] = {
    "head -c 300000000 /dev/zero | gzip -9 >w",
    "head -c 300000000 /dev/zero | xz -0 >w",
    "head -c 300000000 /dev/zero | zstd -q >w",
};

static long peak_kb(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

static void run_bombs(void)
{
    static char block[65536];
    for (size_t i = 0; i < sizeof bombs / sizeof bombs[0]; i++) {
        run(bombs[i]);
        struct strbuf why = {0};
        long before = peak_kb();
        uint64_t total = 0;
        ssize_t n = -1;
        struct source *source = source_open(in_dir("w"), &why);
        while (source != NULL && (n = source_read(source, block, sizeof block, &why)) > 0)
            total += (uint64_t)n;
        test_number(bombs[i], (int64_t)total, 300000000);
        test_true("a bomb stays small", n == 0 && peak_kb() - before < 32768);
        source_close(source);
        strbuf_clear(&why);
    }
}

/* ---- plain files ---- */

static void empty_file(void)
{
    struct strbuf got = {0}, why = {0};
    write_file("e", "", 0);
    struct source *source = source_open(in_dir("e"), &why);
    test_true("empty", source != NULL && source->kind == SOURCE_FILE && source->size == 0);
    test_number("empty", read_all(source, 10, &got, &why), 0);
    test_number("empty", (int64_t)got.len, 0);
    source_close(source);
    strbuf_clear(&got);
    strbuf_clear(&why);
}

static void seek_and_peek(void)
{
    char buf[8] = "";
    struct strbuf why = {0};
    write_file("t", "0123456789", 10);
    struct source *source = source_open(in_dir("t"), &why);
    test_number("size", (int64_t)source->size, 10);
    test_number("peek", source_peek(source, 7, buf, 8), 3);
    test_bytes("peek", buf, 3, "789", 3);
    test_number("read after peek", source_read(source, buf, 2, &why), 2);
    test_bytes("read after peek", buf, 2, "01", 2);
    source_seek(source, 8);
    test_number("read after seek", source_read(source, buf, 8, &why), 2);
    test_bytes("read after seek", buf, 2, "89", 2);
    test_number("end", source_read(source, buf, 8, &why), 0);
    test_number("peek behind the end", source_peek(source, 99, buf, 8), 0);
    source_seek(source, 0);
    test_number("back after the end", source_read(source, buf, 8, &why), 8);
    source_close(source);
    strbuf_clear(&why);
}

static void shrinking(void)
{
    char buf[8];
    struct strbuf why = {0}, want = {0};
    write_file("t", "0123456789", 10);
    struct source *source = source_open(in_dir("t"), &why);
    test_number("before", source_read(source, buf, 5, &why), 5);
    test_number("cut", truncate(in_dir("t"), 2), 0);
    test_number("cut", source_read(source, buf, 5, &why), -1);
    strbuf_format(&want, "%s: was truncated while it was read", in_dir("t"));
    test_text("cut", strbuf_text(&why), strbuf_text(&want));
    source_close(source);
    strbuf_clear(&why);
    strbuf_clear(&want);
}

/* What arrives before the first end is read; what arrives later is the next run's. */
static void growing(void)
{
    char buf[32];
    struct strbuf why = {0};
    write_file("t", "01234", 5);
    struct source *source = source_open(in_dir("t"), &why);
    test_number("first", source_read(source, buf, 5, &why), 5);
    run("printf 56789 >>t");
    test_number("arrived", source_read(source, buf, 32, &why), 5);
    test_number("end", source_read(source, buf, 32, &why), 0);
    run("printf later >>t");
    test_number("still the end", source_read(source, buf, 32, &why), 0);
    source_close(source);
    strbuf_clear(&why);
}

/* ---- expansion ---- */

static const struct {
    const char *name;
    const char *names[6];
    const char *want;
    const char *why;
} expansions[] = {
    {"order kept", {"b.log", "a.log"}, "b.log a.log ", ""},
    {"sorted inside a pattern", {"c.log", "[ab].log"}, "c.log a.log b.log ", ""},
    {"twice by name", {"a.log", "./a.log", "a.log"}, "a.log ", ""},
    {"twice by link", {"link", "hard", "a.log"}, "link ", ""},
    {"twice by pattern", {"b.log", "?.log"}, "b.log a.log c.log ", ""},
    {"a literal name wins", {"[x]*"}, "[x]* ", ""},
    {"standard input once", {"-", "a.log", "-"}, "- a.log ", ""},
    {"folders that match are passed over",
     {"*.d", "d*", "a.log"},
     "a.log ",
     "*.d: no file matches; d*: no file matches"},
    {"the rest is still done",
     {"none", "a.log", "d", "x*y"},
     "a.log ",
     "none: No such file or directory; d: is a directory; x*y: no file matches"},
    {"nothing named", {NULL}, "", ""},
};

static void expand_all(void)
{
    run("rm -f e && mkdir e && cd e && touch a.log b.log c.log '[x]*' x1 && ln -s a.log link && "
        "ln a.log hard && mkdir d d2");
    test_number("chdir", chdir(in_dir("e")), 0);
    test_number("nowhere", symlink("nowhere", "broken"), 0);
    for (size_t i = 0; i < sizeof expansions / sizeof expansions[0]; i++) {
        struct texts names = {0}, paths = {0};
        struct strbuf why = {0}, got = {0};
        for (size_t n = 0; n < 6 && expansions[i].names[n] != NULL; n++)
            texts_add(&names, expansions[i].names[n]);
        int status = source_expand(&names, &paths, &why);
        for (size_t p = 0; p < paths.len; p++)
            strbuf_format(&got, "%s ", paths.at[p]);
        test_text(expansions[i].name, strbuf_text(&got), expansions[i].want);
        test_text(expansions[i].name, strbuf_text(&why), expansions[i].why);
        test_number(expansions[i].name, status, *expansions[i].why == '\0' ? 0 : -1);
        texts_clear(&names);
        texts_clear(&paths);
        strbuf_clear(&got);
        strbuf_clear(&why);
    }
    test_number("chdir back", chdir("/"), 0);
}

static const struct growing_row {
    const char *name;
    const char *names[6];
    const char *want;
} growings[] = {
    {"as named", {"mail.log", "other.log"}, "mail.log other.log "},
    {"a glob, and what it finds that was rotated", {"*.log*"}, "mail.log other.log "},
    {"rotated parts by name", {"mail.log.1", "mail.log", "mail.log.2.gz"}, "mail.log "},
    {"a rotated part alone", {"mail.log.1"}, "mail.log.1 "},
    {"twice, by a link", {"mail.log", "link", "mail.log"}, "mail.log "},
    {"what may come", {"late.log", "late*", "late.log"}, "late.log late* "},
    {"what is no file", {"d", "-"}, "d - "},
    {"nothing", {NULL}, ""},
};

static void growing_all(void)
{
    run("rm -rf e && mkdir e && cd e && touch mail.log mail.log.1 mail.log.2.gz other.log && "
        "ln -s mail.log link && mkdir d");
    test_number("chdir", chdir(in_dir("e")), 0);
    for (size_t i = 0; i < sizeof growings / sizeof growings[0]; i++) {
        struct texts names = {0}, logs = {0};
        struct strbuf got = {0};
        for (size_t n = 0; n < 6 && growings[i].names[n] != NULL; n++)
            texts_add(&names, growings[i].names[n]);
        source_growing(&names, &logs);
        for (size_t p = 0; p < logs.len; p++)
            strbuf_format(&got, "%s ", logs.at[p]);
        test_text(growings[i].name, strbuf_text(&got), growings[i].want);
        texts_clear(&names);
        texts_clear(&logs);
        strbuf_clear(&got);
    }
    test_number("chdir back", chdir("/"), 0);
}

int main(void)
{
    if (mkdtemp(dir) == NULL)
        return 1;
    make_sample();
    whole_files();
    streams();
    dead_pipe();
    refusals();
    damages_all();
    run_bombs();
    empty_file();
    seek_and_peek();
    shrinking();
    growing();
    expand_all();
    growing_all();
    run("rm -r ./*");
    rmdir(dir);
    strbuf_clear(&sample);
    return test_end();
}
