/* clamd - a session with the ClamAV daemon (clamd(8), clamd/session.c of ClamAV 1.4).
 *
 * One socket, never blocking: whoever wants to write while clamd wants to be read would wait for
 * ever, so while writing answers are taken in. Each command under way has a slot; an answer
 * that is for no slot, is none, or is longer than any answer breaks the session, because it
 * is not known any more what the others mean. A broken session still gives the answers that
 * came before it broke.
 *
 * Surprises: the command and its descriptor must leave in one sendmsg; a stream cannot be given
 * up in its middle, so what went wrong with a file is kept in its slot and replaces the answer.
 */
#include "clamd_parts.h"
#include "spamgear/base/clock.h"
#include "spamgear/base/mem.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define ANSWER_MAX 4096 /* bytes; a name of a signature is the only long thing in it */
#define SLOTS      (CLAMD_WINDOW + CANARIES + 1)
#define CHUNK      (64u << 10)
#define SIZE_NEVER (0x7fffffffu - 2) /* libclamav skips what is larger, whatever its settings */

struct slot {
    uint32_t number;
    bool ping;
    int64_t asked_ms;
    const char *spoiled; /* the file was not sent whole: whatever the answer, this is an error */
};

struct clamd {
    int fd;
    bool streams; /* TCP: INSTREAM; else FILDES. Never both in one session */
    int wait_ms;
    uint64_t size_max; /* of a file */
    const char *size_setting;
    int64_t scan_ms; /* clamd gives a file up then, and says OK */
    uint32_t last_number, last_own;
    struct slot slots[SLOTS];
    unsigned slots_len;
    struct clamd_answer ready[SLOTS]; /* taken apart, oldest first */
    unsigned ready_len;
    int canaries[CANARIES]; /* descriptors */
    bool found[CANARIES];   /* by this clamd when the session began */
    struct strbuf broken;   /* why; not empty: no more is read or written */
    size_t in_len;
    char in[SLOTS * ANSWER_MAX];
};

/* ---- answers of a session ---- */

static int break_off(struct clamd *clamd, const char *what, const char *detail)
{
    if (clamd->broken.len == 0)
        strbuf_why(&clamd->broken, "clamd %s%s", what, detail);
    return -1;
}

static int tell_broken(const struct clamd *clamd, struct strbuf *why)
{
    return strbuf_why(why, "%s", strbuf_text(&clamd->broken));
}

/* Takes in what can be read now, without waiting. */
static int take_in(struct clamd *clamd)
{
    size_t room = sizeof clamd->in - clamd->in_len;
    if (room == 0)
        return 0; /* more answers than commands: the next one taken apart tells */
    ssize_t got = recv(clamd->fd, clamd->in + clamd->in_len, room, MSG_DONTWAIT);
    if (got > 0)
        clamd->in_len += (size_t)got;
    else if (got == 0)
        return break_off(clamd, "closed the session", "");
    else if (errno != EAGAIN && errno != EINTR)
        return break_off(clamd, "cannot be read: ", strerror(errno));
    return 0;
}

static struct slot *slot_of(struct clamd *clamd, uint32_t number)
{
    for (unsigned i = 0; i < clamd->slots_len; i++)
        if (clamd->slots[i].number == number)
            return &clamd->slots[i];
    return NULL;
}

/* At most one is ever under way. */
static bool has_ping(const struct clamd *clamd)
{
    for (unsigned i = 0; i < clamd->slots_len; i++)
        if (clamd->slots[i].ping)
            return true;
    return false;
}

static void forget(struct clamd *clamd, struct slot *slot)
{
    *slot = clamd->slots[--clamd->slots_len];
}

static void add_ready(struct clamd *clamd, const struct clamd_answer *answer)
{
    clamd->ready[clamd->ready_len++] = *answer;
}

/* "7: PONG" to our own command 7: true, and no answer for anybody. */
static bool take_pong(struct clamd *clamd, struct span text)
{
    uint32_t number;
    if (!clamd_answer_number(&text, &number) || !span_is(text, SPAN("PONG")))
        return false;
    struct slot *slot = slot_of(clamd, number);
    if (slot == NULL || !slot->ping)
        return false;
    forget(clamd, slot);
    return true;
}

static int take_answer(struct clamd *clamd, struct span text)
{
    struct clamd_answer answer;
    if (take_pong(clamd, text))
        return 0;
    if (clamd_answer_parse(text, &answer) != 0)
        return break_off(clamd, "gave an answer that is none", "");
    if (answer.number == 0 && answer.result == CLAMD_ERROR)
        return break_off(clamd, "says: ", answer.name);
    struct slot *slot = slot_of(clamd, answer.number);
    if (slot == NULL || slot->ping)
        return break_off(clamd, "gave an answer to what was not asked", "");
    const char *spoiled = slot->spoiled;
    if (spoiled == NULL && clock_steady_ms() - slot->asked_ms >= clamd->scan_ms)
        spoiled = "took as long as clamd's MaxScanTime";
    if (spoiled != NULL && answer.result == CLAMD_OK) {
        answer.result = CLAMD_ERROR;
        clamd_answer_name(&answer, span_text(spoiled));
    }
    forget(clamd, slot);
    add_ready(clamd, &answer);
    return 0;
}

/* Takes apart all answers that are in whole. */
static int take_answers(struct clamd *clamd)
{
    size_t done = 0;
    int result = 0;
    while (result == 0 && done < clamd->in_len) {
        const char *at = clamd->in + done, *nul = memchr(at, '\0', clamd->in_len - done);
        size_t len = nul == NULL ? clamd->in_len - done : (size_t)(nul - at);
        if (len > ANSWER_MAX)
            result = break_off(clamd, "gave an answer without an end", "");
        if (nul == NULL)
            break;
        if (result == 0)
            result = take_answer(clamd, span_of(at, nul));
        done += len + 1;
    }
    clamd->in_len -= done;
    memmove(clamd->in, clamd->in + done, clamd->in_len);
    return result;
}

/* What came before the session broke still counts. */
static int read_now(struct clamd *clamd)
{
    int result = take_in(clamd);
    return take_answers(clamd) != 0 ? -1 : result;
}

/* ---- commands ---- */

/* Waits until the socket takes bytes, and takes in answers meanwhile. */
static int wait_writable(struct clamd *clamd, int64_t deadline)
{
    struct pollfd ask = {.fd = clamd->fd, .events = POLLIN | POLLOUT};
    while (clamd->broken.len == 0) {
        if (!clamd_wait(clamd->fd, POLLIN | POLLOUT, deadline))
            return break_off(clamd, "takes nothing more", "");
        ask.revents = 0;
        poll(&ask, 1, 0);
        if (ask.revents & (POLLIN | POLLHUP | POLLERR) && read_now(clamd) != 0)
            return -1;
        if (ask.revents & POLLOUT)
            return 0;
    }
    return -1;
}

/* Sends all bytes; fd (or -1) goes with the first of them. */
static int send_all(struct clamd *clamd, const char *at, size_t len, int fd, int64_t deadline)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {.bytes = {0}};
    while (len > 0) {
        struct iovec part = {(void *)(uintptr_t)at, len};
        struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
        if (fd >= 0) {
            control.header = (struct cmsghdr){
                .cmsg_len = CMSG_LEN(sizeof fd), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
            memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
            message.msg_control = control.bytes;
            message.msg_controllen = sizeof control.bytes;
        }
        ssize_t sent = sendmsg(clamd->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno != EAGAIN && errno != EINTR) {
            int error = errno;
            while (clamd->broken.len == 0 && clamd_wait(clamd->fd, POLLIN, clock_steady_ms()))
                read_now(clamd); /* it may have said why */
            return break_off(clamd, "cannot be written to: ", strerror(error));
        }
        if (sent > 0) {
            at += sent;
            len -= (size_t)sent;
            fd = -1;
        }
        if (len > 0 && wait_writable(clamd, deadline) != 0)
            return -1;
    }
    return 0;
}

/* A place for one more command, sent next: they are numbered as clamd counts them. */
static struct slot *add_slot(struct clamd *clamd)
{
    struct slot *slot = &clamd->slots[clamd->slots_len++];
    *slot = (struct slot){.number = ++clamd->last_number, .asked_ms = clock_steady_ms()};
    return slot;
}

/* clamd wants one more byte, with which the descriptor might come on systems where it cannot come
 * with the command itself. */
static int pass_descriptor(struct clamd *clamd, int fd)
{
    static const char command[] = "zFILDES\0";
    return send_all(clamd, command, sizeof command, fd, clock_steady_ms() + clamd->wait_ms);
}

/* One chunk: its length, big-endian, and its bytes. len 0 ends the stream. */
static int send_chunk(struct clamd *clamd, char *chunk, uint32_t len, int64_t deadline)
{
    uint32_t length = htonl(len);
    memcpy(chunk, &length, sizeof length);
    return send_all(clamd, chunk, sizeof length + len, -1, deadline);
}

/* What is wrong with the file is left in *spoiled: the stream must be ended all the same. */
static int stream(struct clamd *clamd, int fd, const char **spoiled)
{
    static const char command[] = "zINSTREAM";
    char chunk[sizeof(uint32_t) + CHUNK];
    uint64_t offset = 0;
    ssize_t got = 1;
    int64_t deadline = clock_steady_ms() + clamd->wait_ms;
    if (send_all(clamd, command, sizeof command, -1, deadline) != 0)
        return -1;
    while (*spoiled == NULL && got > 0) {
        got = pread(fd, chunk + sizeof(uint32_t), CHUNK, (off_t)offset);
        offset += got > 0 ? (uint64_t)got : 0;
        if (got < 0)
            *spoiled = "could not be read to its end";
        else if (offset > clamd->size_max)
            *spoiled = "grew while it was read";
        else if (got > 0 && send_chunk(clamd, chunk, (uint32_t)got, deadline) != 0)
            return -1;
        deadline += got > 0 ? got * 1000 / (1 << 20) : 0; /* 1 MiB a second is slow enough */
    }
    return send_chunk(clamd, chunk, 0, deadline);
}

/* Sends one scan. The session may break meanwhile, and the answer still have come. */
static uint32_t send_scan(struct clamd *clamd, int fd)
{
    const char *spoiled = NULL;
    uint32_t number = add_slot(clamd)->number;
    int sent = clamd->streams ? stream(clamd, fd, &spoiled) : pass_descriptor(clamd, fd);
    struct slot *slot = slot_of(clamd, number);
    if (slot != NULL && spoiled != NULL)
        slot->spoiled = spoiled;
    return sent == 0 || slot == NULL ? number : 0;
}

/* Why clamd must not be asked about it; NULL when it may. */
static const char *unfit(const struct clamd *clamd, int fd)
{
    struct stat st;
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fstat(fd, &st) != 0)
        return "is not open";
    if (flags & O_PATH || (flags & O_ACCMODE) == O_WRONLY)
        return "was not opened for reading";
    if (!S_ISREG(st.st_mode))
        return "is no regular file";
    return (uint64_t)st.st_size > clamd->size_max ? clamd->size_setting : NULL;
}

static uint32_t answer_ourselves(struct clamd *clamd, const char *what)
{
    struct clamd_answer answer = {.number = CLAMD_OWN_NUMBERS + clamd->last_own,
                                  .result = CLAMD_ERROR};
    clamd->last_own = (clamd->last_own + 1) % CLAMD_OWN_NUMBERS;
    clamd_answer_name(&answer, span_text(what));
    add_ready(clamd, &answer);
    return answer.number;
}

unsigned clamd_room(const struct clamd *clamd)
{
    unsigned used = clamd->slots_len - has_ping(clamd) + clamd->ready_len;
    return used < CLAMD_WINDOW ? CLAMD_WINDOW - used : 0;
}

uint32_t clamd_ask(struct clamd *clamd, int fd, struct strbuf *why)
{
    if (clamd_room(clamd) == 0) {
        strbuf_why(why, "more than %d scans under way", CLAMD_WINDOW);
        return 0;
    }
    const char *what = unfit(clamd, fd);
    if (what != NULL)
        return answer_ourselves(clamd, what);
    uint32_t number = clamd->broken.len == 0 ? send_scan(clamd, fd) : 0;
    if (number == 0)
        tell_broken(clamd, why);
    return number;
}

static void take_ready(struct clamd *clamd, unsigned at, struct clamd_answer *answer)
{
    *answer = clamd->ready[at];
    clamd->ready_len--;
    memmove(&clamd->ready[at], &clamd->ready[at + 1],
            (clamd->ready_len - at) * sizeof *clamd->ready);
}

int clamd_next(struct clamd *clamd, struct clamd_answer *answer, int wait_ms, struct strbuf *why)
{
    int64_t deadline = clock_steady_ms() + wait_ms;
    while (clamd->ready_len == 0) {
        if (clamd->broken.len > 0)
            return tell_broken(clamd, why);
        if (!clamd_wait(clamd->fd, POLLIN, deadline))
            return 0;
        read_now(clamd);
    }
    take_ready(clamd, 0, answer);
    return 1;
}

int clamd_keep(struct clamd *clamd, struct strbuf *why)
{
    static const char command[] = "zPING";
    if (clamd->broken.len == 0)
        read_now(clamd);
    if (clamd->broken.len == 0 && clamd->slots_len == 0) {
        add_slot(clamd)->ping = true;
        send_all(clamd, command, sizeof command, -1, clock_steady_ms() + clamd->wait_ms);
    }
    return clamd->broken.len == 0 ? 0 : tell_broken(clamd, why);
}

/* ---- a session ---- */

/* Waits for the answer with this number and leaves the others. */
static int await(struct clamd *clamd, uint32_t number, int64_t deadline,
                 struct clamd_answer *answer)
{
    for (;;) {
        for (unsigned i = 0; i < clamd->ready_len; i++)
            if (clamd->ready[i].number == number) {
                take_ready(clamd, i, answer);
                return 0;
            }
        if (clamd->broken.len > 0)
            return -1;
        if (!clamd_wait(clamd->fd, POLLIN, deadline))
            return break_off(clamd, "does not answer", "");
        read_now(clamd);
    }
}

/* Has each of the canaries that are wanted scanned. 0 with what was found, -1: broken. */
static int try_canaries(struct clamd *clamd, const bool wanted[CANARIES], int64_t deadline,
                        bool found[CANARIES])
{
    uint32_t numbers[CANARIES] = {0};
    struct clamd_answer answer;
    for (unsigned i = 0; i < CANARIES; i++)
        if (wanted[i] && (numbers[i] = send_scan(clamd, clamd->canaries[i])) == 0)
            return -1;
    for (unsigned i = 0; i < CANARIES; i++) {
        found[i] = false;
        if (!wanted[i])
            continue;
        if (await(clamd, numbers[i], deadline, &answer) != 0)
            return -1;
        if (answer.result == CLAMD_ERROR)
            return break_off(clamd, "cannot scan: ", answer.name);
        found[i] = answer.result == CLAMD_FOUND;
    }
    return 0;
}

int clamd_confirm(struct clamd *clamd, int wait_ms, struct strbuf *why)
{
    bool found[CANARIES];
    int64_t deadline = clock_steady_ms() + wait_ms;
    if (clamd->broken.len == 0 && try_canaries(clamd, clamd->found, deadline, found) == 0)
        for (unsigned i = 0; i < CANARIES; i++)
            if (clamd->found[i] && !found[i])
                break_off(clamd, "does not find any more what it found when the session began", "");
    return clamd->broken.len == 0 ? 0 : tell_broken(clamd, why);
}

static int start(struct clamd *clamd, int64_t deadline)
{
    static const char command[] = "zIDSESSION";
    static const bool all[CANARIES] = {true, true};
    if (send_all(clamd, command, sizeof command, -1, deadline) != 0 ||
        try_canaries(clamd, all, deadline, clamd->found) != 0)
        return -1;
    if (clamd->found[CANARY_BUILT_IN] || clamd->found[CANARY_EICAR])
        return 0;
    return break_off(clamd,
                     "finds neither the EICAR test file nor its built-in test: it cannot scan (is "
                     "its TemporaryDirectory missing or full?), or HeuristicAlerts is off and its "
                     "database lacks EICAR",
                     "");
}

static void set_limits(struct clamd *clamd, const struct clamd_place *place)
{
    uint64_t file_max = place->file_max != 0 ? place->file_max : CLAMD_FILE_MAX;
    uint64_t stream_max = place->stream_max != 0 ? place->stream_max : CLAMD_STREAM_MAX;
    clamd->streams = place->socket == NULL;
    clamd->scan_ms = place->scan_ms != 0 ? place->scan_ms : CLAMD_SCAN_MS;
    clamd->size_max = file_max < SIZE_NEVER ? file_max : SIZE_NEVER;
    clamd->size_setting = "is larger than clamd's MaxFileSize or MaxScanSize";
    if (clamd->streams && stream_max < clamd->size_max) {
        clamd->size_max = stream_max;
        clamd->size_setting = "is larger than clamd's StreamMaxLength";
    }
}

struct clamd *clamd_open(const struct clamd_place *place, int wait_ms, struct strbuf *why)
{
    int64_t deadline = clock_steady_ms() + wait_ms;
    int fd = clamd_connect(place, deadline, why);
    if (fd < 0)
        return NULL;
    struct clamd *clamd = mem_zero(1, sizeof *clamd);
    clamd->fd = fd;
    clamd->wait_ms = wait_ms;
    clamd->canaries[CANARY_BUILT_IN] = clamd->canaries[CANARY_EICAR] = -1;
    set_limits(clamd, place);
    for (unsigned i = 0; i < CANARIES; i++)
        if ((clamd->canaries[i] = clamd_canary_open((enum clamd_canary)i, &clamd->broken)) < 0)
            break;
    if (clamd->broken.len == 0 && start(clamd, deadline) == 0)
        return clamd;
    tell_broken(clamd, why);
    clamd_close(clamd);
    return NULL;
}

void clamd_close(struct clamd *clamd)
{
    if (clamd == NULL)
        return;
    for (unsigned i = 0; i < CANARIES; i++)
        if (clamd->canaries[i] >= 0)
            close(clamd->canaries[i]);
    close(clamd->fd); /* ends the session, as END would */
    strbuf_clear(&clamd->broken);
    free(clamd);
}
