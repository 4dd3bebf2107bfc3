/* follow_test - a log is rotated in all ways, and each of its lines is read once.
 *
 * A scene is a script, a letter a step (see do_step). One follower reads along. Then, for each
 * mark that it gave, another one begins there, and must read what comes after, no more, no less.
 */
#include "spamgear/log/follow.h"

#include "spamgear/base/clock.h"
#include "spamgear/base/vec.h"
#include "spamgear/log/reader.h"
#include "spamgear/log/stamp.h"
#include "test.h"
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define GRACE_MS 10
#define BIG      (1 << 20)

static const struct {
    const char *name, *script;
    unsigned lost; /* places that cannot be found again, by the one who reads along */
} scenes[] = {
    {"grows", "wrwwrwRww", 0},
    {"begins absent", "rRcrwrww", 0},
    {"empty, then rotated before its first line", "crmrwrw", 0},
    {"empty, filled and rotated unseen", "crwmwmwr", 0},
    {"renamed and made anew", "wwrmcwwrwRw", 0},
    {"renamed, made anew later", "wwrmrRrcrwwr", 0},
    {"late lines after a rename", "wwormlrlrcrlrwrww", 0},
    {"late lines, restart between", "wwormlRlcRwRww", 0},
    {"renamed with lines not read yet", "wwrwwmcwwr", 0},
    {"several renames unseen", "wwrwmwwmwwmwr", 0},
    {"several renames and a restart", "wwRwmwwmwwmwRw", 0},
    {"packed meanwhile", "wwrwmzwwmzwwmwzR", 0},
    {"packed at once, followed along", "wwrwmzrwrzmzwwr", 0},
    {"packed twice, some not", "wwRwmwzmwwmwR", 0},
    {"dates for numbers", "wwRwDwwDwR", 0},
    {"copied and cut", "wwrkrwwrkrwRkRw", 0},
    {"copied and cut with lines not read yet", "wwrwwkwwr", 0},
    {"cut unseen, grown past the place", "wrwkwwwwwr", 0},
    {"cut unseen to the same size", "wwrkwwr", 0},
    {"several cuts unseen", "wwrwkwwkwkwr", 0},
    {"several cuts and a restart, packed", "wwRwkwzwkzwkwRw", 0},
    {"a copy that is not cut yet", "wwrwCrtwr", 0},
    {"a copy that is not cut yet, behind a rename", "wwrmwwCRRtwR", 0},
    {"a line that only the cut log had", "wwrwCwrtwr", 1},
    {"cut to nothing", "wwrkrRw", 0},
    {"cut without a copy", "wwrtrwwr", 1},
    {"deleted and made anew", "wwrdrwwrw", 0},
    {"deleted, with an older part", "wwmwwrdrwwrw", 0},
    {"replaced by another of the same size", "wwrsrwr", 0},
    {"rewritten in place to the same size", "wwrSrwr", 1},
    {"a line comes in pieces", "wprqrprqw", 0},
    {"a piece, renamed, the rest late", "wpomrerwr", 0},
    {"a last line without newline", "wPmrwr", 0},
    {"a last line without newline, packed", "wPmzwrR", 0},
    {"the same first line", "HwwrwmHwwrwkHwR", 0},
    {"the same first line, packed", "HwwrwmzHwwmzHwR", 0},
    {"a hole where it was cut", "wworkllrlkrl", 0},
    {"a large hole", "wwBokllrlRl", 0},
    {"a line that is too long", "wrBwrwBwR", 0},
    {"too long, renamed in its middle", "wbmwrwr", 0},
    {"by a link", "@wwrmwwrkrwRwmwzR", 0},
    {"a directory comes and goes", "wwrdfrFwr", 0},
    {"a FIFO comes and goes", "wwrdirIwr", 0},
};

struct marked {
    struct follow_mark mark;
    unsigned next; /* number of the line behind it */
    bool is_gone;  /* its file was deleted, or may have been */
};

static struct {
    char dir[64], path[128];
    char followed[128]; /* path, or a link to it */
    unsigned written;   /* lines */
    int held;           /* by a writer who knows of no rotation */
    struct follow *follow;
    size_t bytes;
    unsigned next; /* line that the one who reads along gets next */
    VEC(struct marked) marks;
    const char *name;
} scene;

/* ---- what happens to the log ---- */

static const char *numbered(unsigned n, const char *packing)
{
    static char paths[4][160];
    static unsigned turn;
    char *path = paths[turn++ % 4];
    snprintf(path, sizeof paths[0], "%s.%u%s", scene.path, n, packing);
    return path;
}

static void put(int fd, const char *text, size_t len)
{
    test_true(scene.name, fd >= 0 && write(fd, text, len) == (ssize_t)len);
}

static int open_log(int flags)
{
    return open(scene.path, O_WRONLY | O_CLOEXEC | flags, 0600);
}

static void line_text(struct strbuf *line)
{
    unsigned n = scene.written++;
    strbuf_format(line, "2026-01-01T%02u:%02u:%02u+00:00 mx t[1]: line %u\n", n / 3600, n / 60 % 60,
                  n % 60, n);
}

/* Without its tail: up to its middle; without its head: from there on, the line before. */
static void write_line(int fd, bool head, bool tail)
{
    struct strbuf line = {0};
    if (!head)
        scene.written--;
    line_text(&line);
    struct span text = strbuf_span(&line);
    size_t middle = text.len / 2;
    put(fd, text.at + (head ? 0 : middle), tail ? text.len - (head ? 0 : middle) : middle);
    strbuf_clear(&line);
}

static void append(bool head, bool tail)
{
    int fd = open_log(O_CREAT | O_APPEND);
    write_line(fd, head, tail);
    close(fd);
}

static void append_open(void)
{
    struct strbuf line = {0};
    int fd = open_log(O_CREAT | O_APPEND);
    line_text(&line);
    put(fd, line.data, line.len - 1);
    strbuf_clear(&line);
    close(fd);
}

static void fill(char c, bool whole)
{
    int fd = open_log(O_CREAT | O_APPEND);
    char *text = malloc(BIG);
    memset(text, c, BIG);
    put(fd, text, BIG);
    if (whole)
        put(fd, "\n", 1);
    free(text);
    close(fd);
}

static void shift(void)
{
    for (unsigned i = 8; i > 0; i--) {
        rename(numbered(i, ""), numbered(i + 1, ""));
        rename(numbered(i, ".gz"), numbered(i + 1, ".gz"));
    }
}

static void run(const char *program, const char *operand, int out)
{
    pid_t pid = fork();
    if (pid == 0) {
        if (out >= 0)
            dup2(out, STDOUT_FILENO);
        execlp(program, program, operand, (char *)NULL);
        _exit(127);
    }
    int status = -1;
    waitpid(pid, &status, 0);
    test_number(program, status, 0);
}

static void copy(void)
{
    shift();
    int to = open(numbered(1, ""), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    run("cat", scene.path, to);
    close(to);
}

static void pack(void)
{
    for (unsigned i = 1; i < 10; i++)
        if (access(numbered(i, ""), F_OK) == 0)
            run("gzip", numbered(i, ""), -1);
}

static void rename_to_date(void)
{
    static unsigned day;
    char to[160];
    snprintf(to, sizeof to, "%s-202601%02u", scene.path, day++ % 28 + 1);
    test_number(scene.name, rename(scene.path, to), 0);
}

/* Another file, or other bytes, of the same size. */
static void replace(bool in_place)
{
    struct stat st;
    char other[160];
    snprintf(other, sizeof other, "%s.new", scene.path);
    test_number(scene.name, stat(scene.path, &st), 0);
    int fd = in_place ? open_log(O_TRUNC) : open(other, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    off_t size = 0;
    for (struct stat now; size < st.st_size; size = now.st_size) {
        write_line(fd, true, true);
        fstat(fd, &now);
    }
    test_number("the same size", size, st.st_size);
    close(fd);
    if (!in_place)
        test_number(scene.name, rename(other, scene.path), 0);
    for (size_t i = 0; i < scene.marks.len; i++)
        scene.marks.at[i].is_gone = true;
}

static void delete_log(void)
{
    unlink(scene.path);
    for (size_t i = 0; i < scene.marks.len; i++)
        scene.marks.at[i].is_gone = true;
}

/* ---- reading ---- */

/* The number behind "line "; the lines of headers and the like have none. */
static void check_line(struct span line, unsigned *next)
{
    const char *text = span_find(line, SPAN("line "));
    if (text == NULL)
        return;
    unsigned number = (unsigned)strtoul(text + 5, NULL, 10);
    bool whole = span_has_prefix(line, SPAN("2026-01-01T"));
    if (number != *next || !whole)
        printf("%s, %zu bytes: \"%.*s\"\n", scene.name, scene.bytes, (int)line.len, line.at);
    test_number(scene.name, number, *next);
    test_true("from its start", whole);
    *next = number + 1;
}

static void check_chunk(const struct follow_chunk *chunk, unsigned *next)
{
    struct span text = chunk->lines, line;
    test_true("whole lines", text.len == 0 || text.at[text.len - 1] == '\n');
    while (span_take_line(&text, &line))
        check_line(line, next);
}

/* Through its text, as it is stored. */
static struct follow_mark stored(const struct follow_mark *mark)
{
    struct strbuf text = {0}, why = {0};
    struct follow_mark again;
    follow_mark_write(mark, &text);
    test_number(strbuf_text(&text), follow_mark_read(strbuf_span(&text), &again, &why), 0);
    strbuf_clear(&text);
    strbuf_clear(&why);
    return again;
}

/* Takes what is there; waits so long without a line. */
static void drain(struct follow *follow, unsigned *next, int64_t wait_ms, bool marks)
{
    struct strbuf why = {0};
    struct follow_chunk chunk;
    int64_t until = clock_steady_ms() + wait_ms;
    int got;
    bool last;
    do {
        last = clock_steady_ms() >= until;
        while ((got = follow_next(follow, scene.bytes, &chunk, &why)) != 0) {
            if (got < 0)
                continue;
            check_chunk(&chunk, next);
            if (marks)
                *vec_add(&scene.marks) = (struct marked){stored(&chunk.mark), *next, false};
            until = clock_steady_ms() + wait_ms;
            last = false;
        }
        if (wait_ms > 0)
            poll(NULL, 0, 2);
    } while (!last);
    strbuf_clear(&why);
}

static struct follow *open_at(const struct follow_mark *mark, int64_t grace_ms)
{
    struct strbuf why = {0};
    struct follow *follow = follow_open(scene.followed, mark, FOLLOW_BEGIN, &why);
    test_text(scene.name, strbuf_text(&why), "");
    if (follow != NULL)
        follow_set_grace(follow, grace_ms);
    strbuf_clear(&why);
    return follow;
}

static void read_along(void)
{
    drain(scene.follow, &scene.next, 3 * GRACE_MS, true);
}

static void restart(void)
{
    struct follow_mark mark;
    follow_place(scene.follow, &mark);
    follow_close(scene.follow);
    mark = stored(&mark);
    scene.follow = open_at(&mark, GRACE_MS);
    if (scene.follow != NULL)
        read_along();
}

/* ---- scenes ---- */

static void header(void)
{
    int fd = open_log(O_CREAT | O_APPEND);
    put(fd, "# the same in every file\n", 25);
    close(fd);
}

static void do_step(char step)
{
    switch (step) {
    case 'w': append(true, true); break;                  /* a line */
    case 'p': append(true, false); break;                 /* the first half of one */
    case 'q': append(false, true); break;                 /* the other half */
    case 'P': append_open(); break;                       /* one without its newline */
    case 'e': write_line(scene.held, false, true); break; /* the other half, late */
    case 'H': header(); break;
    case 'B': fill('x', true); break;  /* a line that is too long */
    case 'b': fill('x', false); break; /* the start of one */
    case 'o':
        scene.held = open_log(O_CREAT);
        lseek(scene.held, 0, SEEK_END);
        break;
    case 'l': write_line(scene.held, true, true); break; /* late, or at an old offset */
    case 'm':
        shift();
        rename(scene.path, numbered(1, ""));
        break;
    case 'D': rename_to_date(); break;
    case 'c': close(open_log(O_CREAT)); break;
    case 'k':
        copy();
        close(open_log(O_TRUNC));
        break;
    case 'C': copy(); break;
    case 't': close(open_log(O_TRUNC)); break;
    case 'z': pack(); break;
    case 'd': delete_log(); break;
    case 's': replace(false); break;
    case 'S': replace(true); break;
    case 'f': mkdir(scene.path, 0700); break;
    case 'F': rmdir(scene.path); break;
    case 'i': mkfifo(scene.path, 0600); break;
    case 'I': unlink(scene.path); break;
    case 'r': read_along(); break;
    case 'R': restart(); break;
    default: break;
    }
}

static void clean_up(void)
{
    char command[256];
    follow_close(scene.follow);
    if (scene.held >= 0)
        close(scene.held);
    vec_clear(&scene.marks);
    snprintf(command, sizeof command, "rm -rf '%s'", scene.dir);
    test_number(command, system(command), 0);
}

static void each_mark(void)
{
    for (size_t i = 0; i < scene.marks.len; i++) {
        const struct marked *marked = &scene.marks.at[i];
        unsigned next = marked->next;
        struct follow *follow = marked->is_gone ? NULL : open_at(&marked->mark, 0);
        if (follow == NULL)
            continue;
        drain(follow, &next, 0, false);
        test_number("from a mark", next, scene.written);
        follow_close(follow);
    }
}

static void set_up(const char *name, size_t bytes, bool link)
{
    memset(&scene, 0, sizeof scene);
    snprintf(scene.dir, sizeof scene.dir, "/tmp/follow_test.XXXXXX");
    test_true("folder", mkdtemp(scene.dir) != NULL);
    snprintf(scene.path, sizeof scene.path, "%s/mail.log", scene.dir);
    snprintf(scene.followed, sizeof scene.followed, "%s/%s", scene.dir, link ? "link" : "mail.log");
    if (link)
        test_number(name, symlink("mail.log", scene.followed), 0);
    scene.name = name;
    scene.bytes = bytes;
    scene.held = -1;
}

static void play(size_t n, size_t bytes)
{
    struct follow_state state;
    set_up(scenes[n].name, bytes, scenes[n].script[0] == '@');
    scene.follow = open_at(NULL, GRACE_MS);
    for (const char *step = scenes[n].script; *step != '\0'; step++)
        do_step(*step);
    read_along();
    test_number(scene.name, scene.next, scene.written);
    follow_look(scene.follow, &state);
    test_number(scene.name, (int64_t)state.lost, scenes[n].lost);
    if (scenes[n].lost == 0)
        each_mark();
    clean_up();
}

/* ---- beginning, trouble, marks ---- */

/* A line that is being written when it begins belongs to what comes. */
static void from_the_end(void)
{
    struct strbuf why = {0};
    struct follow_mark mark;
    set_up("from the end", 120, false);
    do_step('w');
    do_step('w');
    do_step('p');
    struct follow *follow = follow_open(scene.path, NULL, FOLLOW_END, &why);
    test_text("open", strbuf_text(&why), "");
    follow_place(follow, &mark);
    scene.next = 2;
    do_step('q');
    do_step('w');
    drain(follow, &scene.next, 0, false);
    test_number("from the end", scene.next, 4);
    follow_close(follow);
    scene.next = 2;
    scene.follow = open_at(&mark, 0);
    drain(scene.follow, &scene.next, 0, false);
    test_number("from its place", scene.next, 4);
    clean_up();
}

/* An empty file has nothing to know it by: its inode may be that of a much newer one. */
static void from_an_empty_file(void)
{
    struct follow_mark mark;
    struct stat st;
    set_up("from an empty file", 120, false);
    do_step('c');
    struct follow *follow = open_at(NULL, 0);
    follow_place(follow, &mark);
    follow_close(follow);
    for (const char *step = "wwmzww"; *step != '\0'; step++)
        do_step(*step);
    test_number("the log", stat(scene.path, &st), 0);
    mark.dev = st.st_dev;
    mark.ino = st.st_ino;
    mark = stored(&mark);
    scene.follow = open_at(&mark, 0);
    drain(scene.follow, &scene.next, 0, false);
    test_number("from its first line", scene.next, 4);
    clean_up();
}

/* A place is known under another name of the log, but not in a log that reads the same. */
static void other_names(void)
{
    struct follow_mark mark;
    char other[160];
    set_up("other names", 120, true);
    snprintf(other, sizeof other, "%s/other.log", scene.dir);
    do_step('w');
    scene.follow = open_at(NULL, 0);
    drain(scene.follow, &scene.next, 0, false);
    follow_place(scene.follow, &mark);
    test_true("its link", follow_is_in(scene.path, &mark));
    int to = open(other, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    run("cat", scene.path, to);
    close(to);
    test_true("a copy", !follow_is_in(other, &mark));
    do_step('m');
    do_step('w');
    test_true("rotated", follow_is_in(scene.path, &mark));
    test_true("absent", !follow_is_in("/nonexistent/log", &mark));
    clean_up();
}

static void told_once(void)
{
    struct strbuf why = {0};
    struct follow_chunk chunk;
    struct follow_state state;
    set_up("told once", 120, false);
    scene.follow = open_at(NULL, 0);
    mkdir(scene.path, 0700);
    test_number("a directory", follow_next(scene.follow, 1, &chunk, &why), -1);
    test_true(strbuf_text(&why), span_has_suffix(strbuf_span(&why), SPAN(": is a directory")));
    test_number("is told once", follow_next(scene.follow, 1, &chunk, &why), 0);
    follow_look(scene.follow, &state);
    test_true("nothing is read", state.file == NULL);
    test_true("trouble lasts", state.failing);
    test_true("none to begin with",
              follow_open(scene.path, NULL, FOLLOW_BEGIN, &why) == NULL && why.len > 0);
    rmdir(scene.path);
    do_step('w');
    struct pollfd polled = {.fd = follow_fd(scene.follow), .events = POLLIN};
    test_number("a new file is told of", poll(&polled, 1, 5000), 1);
    test_number("and read", follow_next(scene.follow, 1, &chunk, &why), 1);
    test_text("its name", chunk.file, scene.path);
    follow_look(scene.follow, &state);
    test_true("trouble is over", !state.failing);
    strbuf_clear(&why);
    clean_up();
}

/* A renamed log alone is not behind: nothing says that more will come. */
static void behind_a_newer_one(void)
{
    struct strbuf why = {0};
    struct follow_chunk chunk;
    struct follow_state state;
    set_up("behind", 120, false);
    do_step('w');
    scene.follow = open_at(NULL, 1000);
    test_number("a line", follow_next(scene.follow, 120, &chunk, &why), 1);
    do_step('m');
    test_number("renamed", follow_next(scene.follow, 120, &chunk, &why), 0);
    follow_look(scene.follow, &state);
    test_true("not behind", !state.behind);
    do_step('w');
    follow_set_grace(scene.follow, 100);
    poll(NULL, 0, 50);
    test_number("not left yet", follow_next(scene.follow, 120, &chunk, &why), 0);
    follow_look(scene.follow, &state);
    test_true("behind", state.behind);
    poll(NULL, 0, 150);
    test_number("the newer one", follow_next(scene.follow, 120, &chunk, &why), 1);
    follow_look(scene.follow, &state);
    test_true("not behind any more", !state.behind);
    strbuf_clear(&why);
    clean_up();
}

/* Something else stands where the log was: the trouble lasts as long as that does. */
static void no_file_in_its_place(void)
{
    static const char *const others[] = {"/dev/null", "/dev", "fifo"};
    struct strbuf why = {0};
    struct follow_chunk chunk;
    struct follow_state state;
    for (size_t i = 0; i < 3; i++) {
        set_up("no file in its place", 120, false);
        do_step('w');
        scene.follow = open_at(NULL, GRACE_MS);
        read_along();
        do_step('I');
        if (others[i][0] == '/')
            test_number(others[i], symlink(others[i], scene.path), 0);
        else
            do_step('i');
        int told = 0;
        for (int n = 0; n < 50; n++) {
            told += follow_next(scene.follow, 120, &chunk, &why) == -1;
            poll(NULL, 0, GRACE_MS / 10);
        }
        follow_look(scene.follow, &state);
        test_true(others[i], state.failing);
        test_number("told once", told, 1);
        do_step('I');
        do_step('w');
        read_along();
        follow_look(scene.follow, &state);
        test_true("over", !state.failing);
        test_number(others[i], scene.next, 2);
        clean_up();
    }
    strbuf_clear(&why);
}

static void no_marks(void)
{
    static const char *const texts[] = {
        "",
        "1",
        "2 1 1 0 0 0 0 0 -",
        "1 1 1 0 0 0 0 0",
        "1 1 1 0 0 0 0 0 - ",
        "1 1 1 0 0 0 0 0 x",
        "1 1 1 0 1025 0 0 0 -",
        "1 1 1 300 0 0 257 0 -",
        "1 1 1 5 0 0 6 0 -",
        "1 1 1 5 0 0 0 0 -",
        "1 1 1 9223372036854775808 0 0 1 0 -",
        "1 -1 1 0 0 0 0 0 -",
        "1  1 0 0 0 0 0 -",
        "1 1 1 0 0 0 0 0 9223372036854775808",
        "1 1 1 0 0 18446744073709551616 0 0 -",
    };
    struct follow_mark mark;
    struct strbuf why = {0};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        strbuf_reset(&why);
        test_true(texts[i],
                  follow_mark_read(span_text(texts[i]), &mark, &why) == -1 && why.len > 0);
    }
    test_number("an early time", follow_mark_read(SPAN("1 0 0 0 0 0 0 0 -5"), &mark, &why), 0);
    test_number("an early time", mark.before, -5);
    strbuf_clear(&why);
}

#define STAGES 6 /* for each size: a scene is mostly waiting */

static void play_some(size_t stage)
{
    static const size_t sizes[] = {1, 120, BIG};
    for (size_t n = stage / 3; n < sizeof scenes / sizeof scenes[0]; n += STAGES)
        play(n, sizes[stage % 3]);
}

static void play_all(void)
{
    pid_t stages[3 * STAGES];
    fflush(stdout);
    for (size_t i = 0; i < 3 * STAGES; i++) {
        stages[i] = fork();
        if (stages[i] == 0) {
            play_some(i);
            exit(test_end());
        }
    }
    for (size_t i = 0; i < 3 * STAGES; i++) {
        int status = -1;
        waitpid(stages[i], &status, 0);
        test_number("a stage", status, 0);
    }
}

int main(void)
{
    clock_pin(1767225590); /* some seconds before the first line */
    play_all();
    from_the_end();
    from_an_empty_file();
    other_names();
    told_once();
    behind_a_newer_one();
    no_file_in_its_place();
    no_marks();
    return test_end();
}
