/* journal_follow - a child reads the journal, its parent puts records together.
 *
 * The child sends records: a letter, two lengths, a cursor and a text. One pipe serves all
 * children, one after another, so that its reading end can be watched for good; what a dead child
 * sent is read to its end, and half a record of his is thrown away. The parent believes no record
 * that is longer than one can be.
 */
#include "spamgear/log/journal_follow.h"

#include "journal_line.h"
#include "spamgear/base/apart.h"
#include "spamgear/base/clock.h"
#include "spamgear/base/mem.h"
#include "spamgear/log/journal_reader.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define LINES_BYTES  (64 * 1024) /* of one record, and one line more */
#define RECORD_MAX   (512 * 1024)
#define LOOK_MS      1000  /* so often a journal is looked at that does not tell of changes */
#define OPEN_MS      30000 /* so long it may take to open one */
#define RETRY_MS     500   /* doubled with each death that follows another */
#define RETRY_MAX_MS 60000
#define DEATHS       3 /* at one place: it is passed over */
#define USEC_PER_S   1000000

enum record { OPENED = 'O', LINES = 'L', NO_MORE = 'N', WARNING = 'W', FAILURE = 'E' };

struct record_head {
    char kind;
    uint32_t cursor_len, text_len;
};

struct journal_follow {
    struct journal_request request;
    pid_t child; /* 0: none */
    int ends[2];
    struct strbuf in, cursor; /* what the pipe gave; the place */
    size_t taken;             /* of in: the record that was given last */
    unsigned tries, deaths;   /* since the last lines; by damage, as it seems */
    int64_t start_ms;         /* when the next child may be started */
    bool ended;               /* the child has, what it sent is not all taken yet */
    bool reached_end;         /* of the journal, with what was given */
    int signal;               /* that it died of, or 0 */
};

/* ---- the child ---- */

static int out_fd; /* the child's end of the pipe */

static bool send_all(const void *at, size_t len)
{
    const char *bytes = at;
    while (len > 0) {
        ssize_t n = write(out_fd, bytes, len);
        if (n < 0 && errno != EINTR)
            return false;
        bytes += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    return true;
}

static bool send_record(enum record kind, struct span cursor, struct span text)
{
    struct record_head head;
    memset(&head, 0, sizeof head); /* its gaps too */
    head.kind = (char)kind;
    head.cursor_len = (uint32_t)cursor.len;
    head.text_len = (uint32_t)text.len;
    return send_all(&head, sizeof head) && send_all(cursor.at, cursor.len) &&
           send_all(text.at, text.len);
}

struct batch {
    struct journal_line_maker maker;
    struct journal_entry entry;
    struct strbuf lines, cursor;
};

/* As many lines as there are, or as fit, and the cursor of the last. 0 or -errno. */
static int batch_fill(struct batch *batch, struct journal_reader *reader)
{
    int status = 0;
    strbuf_reset(&batch->lines);
    while (status >= 0 && batch->lines.len < LINES_BYTES &&
           (status = journal_reader_next(reader, &batch->entry)) > 0) {
        journal_line_add(&batch->maker, &batch->entry, &batch->lines);
        status = journal_reader_cursor(reader, &batch->cursor);
    }
    return status < 0 ? status : 0;
}

static int give_lines(struct journal_reader *reader, const struct journal_request *request)
{
    struct batch batch = {.maker.writers = request->writers};
    struct span none = {0};
    int status = 0;
    bool listened = true, said = false;
    while (status == 0 && listened) {
        bool waits = said;
        status = batch_fill(&batch, reader);
        said = batch.lines.len == 0;
        if (!said)
            listened = send_record(LINES, strbuf_span(&batch.cursor), strbuf_span(&batch.lines));
        else if (status == 0)
            listened = waits ? journal_reader_wait(reader, out_fd, LOOK_MS)
                             : send_record(NO_MORE, none, none);
    }
    return status;
}

/* 0 or -errno. */
static int go_to(struct journal_reader *reader, const char *cursor, unsigned deaths)
{
    uint64_t usec;
    if (*cursor == '\0')
        return 0;
    if (deaths >= DEATHS && journal_cursor_time(cursor, &usec)) {
        uint64_t skipped_s = (uint64_t)1 << (deaths - DEATHS < 20 ? deaths - DEATHS : 20);
        send_record(WARNING, (struct span){0},
                    SPAN("reading it died again and again at one place, which is passed over: "
                         "entries are missing"));
        return journal_reader_seek_time(reader, usec + skipped_s * USEC_PER_S);
    }
    int status = journal_reader_seek(reader, cursor);
    if (status == 0)
        send_record(WARNING, (struct span){0},
                    SPAN("the place that was read up to is not in it any more: entries may be "
                         "missing"));
    return status < 0 ? status : 0;
}

static _Noreturn void child_run(const struct journal_request *request, const char *cursor,
                                unsigned deaths)
{
    struct strbuf why = {0};
    signal(SIGPIPE, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    struct journal_reader *reader = journal_reader_follow(request, &why);
    int status = reader == NULL ? -EIO : go_to(reader, cursor, deaths);
    if (status == 0 && send_record(OPENED, (struct span){0}, (struct span){0}))
        status = give_lines(reader, request);
    if (reader != NULL && status < 0)
        strbuf_why(&why, "%s: %s", journal_request_name(request), strerror(-status));
    if (why.len > 0)
        send_record(FAILURE, (struct span){0}, strbuf_span(&why));
    _exit(0);
}

/* ---- the parent: its child ---- */

static int child_start(struct journal_follow *follow, struct strbuf *why)
{
    sigset_t none;
    pid_t parent = getpid(), child = fork();
    if (child == 0) {
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        out_fd = apart_keep_only(follow->ends[1]);
        bool alone = prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent;
        if (alone && out_fd >= 0)
            child_run(&follow->request, strbuf_text(&follow->cursor), follow->deaths);
        _exit(1);
    }
    follow->child = child > 0 ? child : 0;
    follow->reached_end = false;
    return child > 0 ? 0 : strbuf_why(why, "journal: fork: %s", strerror(errno));
}

/* Has the child ended by now? */
static bool has_ended(struct journal_follow *follow)
{
    int status = 0;
    pid_t got = follow->child == 0 ? 0 : waitpid(follow->child, &status, WNOHANG);
    if (got > 0 || (got < 0 && errno == ECHILD)) {
        follow->signal = got > 0 && WIFSIGNALED(status) ? WTERMSIG(status) : 0;
        follow->child = 0;
        follow->ended = true;
    }
    return follow->ended;
}

static void child_kill(struct journal_follow *follow)
{
    if (follow->child == 0)
        return;
    kill(follow->child, SIGKILL);
    while (waitpid(follow->child, NULL, 0) < 0 && errno == EINTR)
        continue;
    follow->child = 0;
    follow->ended = true;
    follow->signal = 0;
}

static void plan_restart(struct journal_follow *follow)
{
    int64_t wait = RETRY_MS;
    for (unsigned i = 0; i < follow->tries && wait < RETRY_MAX_MS; i++)
        wait *= 2;
    follow->tries++;
    follow->start_ms = clock_steady_ms() + (wait < RETRY_MAX_MS ? wait : RETRY_MAX_MS);
}

/* ---- the parent: records ---- */

/* Takes what the pipe has, without waiting. */
static void receive(struct journal_follow *follow)
{
    char block[65536];
    ssize_t n;
    while (follow->in.len < RECORD_MAX + sizeof block &&
           (n = read(follow->ends[0], block, sizeof block)) > 0)
        strbuf_add(&follow->in, block, (size_t)n);
}

/* The record that was given last is not needed any more. */
static void drop_taken(struct journal_follow *follow)
{
    size_t left = follow->in.len - follow->taken;
    if (follow->taken > 0 && left > 0)
        memmove(follow->in.data, follow->in.data + follow->taken, left);
    follow->in.len = left;
    follow->taken = 0;
}

/* 1: a whole record; 0: not yet; -1: it is none. */
static int take_record(struct journal_follow *follow, enum record *kind, struct span *cursor,
                       struct span *text)
{
    struct record_head head;
    if (follow->in.len < sizeof head)
        return 0;
    memcpy(&head, follow->in.data, sizeof head);
    if (head.cursor_len > RECORD_MAX || head.text_len > RECORD_MAX - head.cursor_len)
        return -1;
    size_t len = sizeof head + head.cursor_len + head.text_len;
    if (follow->in.len < len)
        return 0;
    *kind = (enum record)head.kind;
    *cursor = (struct span){follow->in.data + sizeof head, head.cursor_len};
    *text = (struct span){cursor->at + cursor->len, head.text_len};
    follow->taken = len;
    return 1;
}

static int give_lines_of(struct journal_follow *follow, struct span text, struct span place,
                         struct span *lines, struct span *cursor)
{
    strbuf_reset(&follow->cursor);
    strbuf_add_span(&follow->cursor, place);
    follow->tries = follow->deaths = 0;
    follow->reached_end = false;
    *lines = text;
    *cursor = strbuf_span(&follow->cursor);
    return 1;
}

/* 1: lines; 0: nothing more; -1: something to tell. */
static int next_record(struct journal_follow *follow, struct span *lines, struct span *cursor,
                       struct strbuf *why)
{
    enum record kind;
    struct span place, text;
    int got;
    while ((got = take_record(follow, &kind, &place, &text)) > 0) {
        if (kind == LINES)
            return give_lines_of(follow, text, place, lines, cursor);
        if (kind == WARNING || kind == FAILURE)
            return strbuf_why(why, "%s%s%.*s",
                              kind == WARNING ? journal_request_name(&follow->request) : "",
                              kind == WARNING ? ": " : "", (int)text.len, text.at);
        follow->reached_end |= kind == NO_MORE;
        drop_taken(follow);
    }
    if (got == 0)
        return 0;
    child_kill(follow);
    strbuf_reset(&follow->in);
    return strbuf_why(why, "journal: the process that reads it sent nonsense");
}

/* All that it sent is taken. */
static int bury(struct journal_follow *follow, struct strbuf *why)
{
    int signal = follow->signal;
    strbuf_reset(&follow->in); /* half a record */
    follow->ended = false;
    plan_restart(follow);
    follow->deaths += signal == SIGABRT || signal == SIGBUS || signal == SIGSEGV;
    if (signal == 0)
        return 0; /* it said itself why it ended */
    return strbuf_why(why, "%s: the process that read it died (%s); it is started again",
                      journal_request_name(&follow->request), strsignal(signal));
}

int journal_follow_next(struct journal_follow *follow, struct span *lines, struct span *cursor,
                        struct strbuf *why)
{
    drop_taken(follow);
    bool is_due = follow->child == 0 && !follow->ended && clock_steady_ms() >= follow->start_ms;
    if (is_due && child_start(follow, why) != 0) {
        plan_restart(follow);
        return -1;
    }
    bool ended = has_ended(follow); /* asked before the last look at what it sent */
    receive(follow);
    int got = next_record(follow, lines, cursor, why);
    return got == 0 && ended ? bury(follow, why) : got;
}

int journal_follow_fd(const struct journal_follow *follow)
{
    return follow->ends[0];
}

bool journal_follow_is_failing(const struct journal_follow *follow)
{
    return follow->child == 0 && !follow->ended;
}

bool journal_follow_is_behind(const struct journal_follow *follow)
{
    return !journal_follow_is_failing(follow) && !follow->reached_end;
}

/* ---- opening ---- */

/* Waits for the first child to send so many bytes. */
static bool wait_bytes(struct journal_follow *follow, size_t bytes)
{
    int64_t until = clock_steady_ms() + OPEN_MS;
    bool ended = false;
    while (!ended && follow->in.len < bytes && clock_steady_ms() < until) {
        struct pollfd polled = {.fd = follow->ends[0], .events = POLLIN};
        poll(&polled, 1, 50);
        ended = has_ended(follow);
        receive(follow);
    }
    return follow->in.len >= bytes;
}

/* Until it has said that the journal is open, or why not. */
static int wait_open(struct journal_follow *follow, struct strbuf *why)
{
    struct record_head head;
    if (!wait_bytes(follow, sizeof head))
        return strbuf_why(why, "%s: the process that reads it %s",
                          journal_request_name(&follow->request),
                          follow->ended ? "died" : "took too long to open it");
    memcpy(&head, follow->in.data, sizeof head);
    if (head.kind != FAILURE)
        return 0;
    wait_bytes(follow, sizeof head + head.text_len);
    return strbuf_why(why, "%.*s", (int)(follow->in.len - sizeof head),
                      follow->in.data + sizeof head);
}

struct journal_follow *journal_follow_open(const struct journal_request *request,
                                           const char *cursor, struct strbuf *why)
{
    struct journal_follow *follow = mem_zero(1, sizeof *follow);
    follow->request = *request;
    if (cursor != NULL)
        strbuf_add_text(&follow->cursor, cursor);
    if (pipe2(follow->ends, O_CLOEXEC) != 0) {
        strbuf_why(why, "pipe: %s", strerror(errno));
        free(follow);
        return NULL;
    }
    fcntl(follow->ends[0], F_SETFL, O_NONBLOCK);
    if (child_start(follow, why) == 0 && wait_open(follow, why) == 0)
        return follow;
    journal_follow_close(follow);
    return NULL;
}

void journal_follow_close(struct journal_follow *follow)
{
    if (follow == NULL)
        return;
    child_kill(follow);
    close(follow->ends[0]);
    close(follow->ends[1]);
    strbuf_clear(&follow->in);
    strbuf_clear(&follow->cursor);
    free(follow);
}
