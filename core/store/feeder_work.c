/* feeder_work - the process that talks to the other database.
 *
 * One round after another: connect, send rows, share counts, tell the daemon how it stands. What
 * fails is tried again at once, then later and later. A watchdog ends the process when a library
 * hangs in spite of its deadlines; it is started again then.
 */
#include "feeder_own.h"

#include "spamgear/base/clock.h"
#include "spamgear/base/secret.h"
#include "spamgear/store/schema.h"
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define POLL_MS         1000
#define DEADLINE_MS     10000
#define BACKOFF_MAX     60000
#define PING_MS         10000
#define PURGE_MS        3600000
#define PURGE_BUDGET_MS 300
#define COUNTS_MIN_S    172800
#define YOUNG_MS        20000 /* so long a state may take to come to be, without a word */

/* ---- to the daemon ---- */

bool feeder_send(int fd, const void *head, size_t head_len, struct span first, struct span second)
{
    struct iovec parts[3] = {{(void *)(uintptr_t)head, head_len},
                             {(void *)(uintptr_t)first.at, first.len},
                             {(void *)(uintptr_t)second.at, second.len}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 3};
    ssize_t sent;
    do
        sent = sendmsg(fd, &message, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent >= 0;
}

void feeder_tell(int fd, bool trouble, const char *line)
{
    char type = trouble ? FEEDER_TROUBLE : FEEDER_TELL;
    struct span text = span_text(line);
    if (text.len > FEEDER_MESSAGE_MAX - 1)
        text.len = FEEDER_MESSAGE_MAX - 1;
    feeder_send(fd, &type, 1, text, (struct span){0});
}

/* ---- trouble ---- */

static uint64_t count_waiting(struct feeder_work *work)
{
    uint64_t rows, sent = work->sent;
    if (work->reader == NULL || (sent == 0 && state_reader_sent(work->reader, &sent, NULL) != 0) ||
        state_reader_behind(work->reader, sent, &rows, NULL) != 0)
        return 0;
    return rows;
}

void feeder_recover(struct feeder_work *work)
{
    char line[100];
    work->failures = 0;
    work->used_ms = clock_steady_ms();
    if (!work->in_trouble)
        return;
    work->in_trouble = false;
    strbuf_reset(&work->trouble);
    snprintf(line, sizeof line, "the database is back, %" PRIu64 " rows wait", count_waiting(work));
    feeder_tell(work->fd, false, line);
}

/* The first failure may be a connection that was idle for too long: it is not told. */
static void fall(struct feeder_work *work, const char *reason)
{
    struct strbuf line = {0};
    link_close(work->link);
    work->link = NULL;
    unsigned times = work->failures++;
    int64_t wait = times == 0 ? 0 : times > 6 ? BACKOFF_MAX : INT64_C(500) << times;
    work->next_try_ms = clock_steady_ms() + (wait > BACKOFF_MAX ? BACKOFF_MAX : wait);
    strbuf_add_text(&line, reason);
    if (work->settings->password != NULL)
        secret_hide(&line, span_text(work->settings->password));
    if (times > 0 &&
        (!work->in_trouble || strcmp(strbuf_text(&work->trouble), strbuf_text(&line)) != 0)) {
        work->in_trouble = true;
        strbuf_reset(&work->trouble);
        strbuf_add_span(&work->trouble, strbuf_span(&line));
        strbuf_format(&line, "; %" PRIu64 " rows wait here for it", count_waiting(work));
        feeder_tell(work->fd, true, strbuf_text(&line));
    }
    strbuf_clear(&line);
}

static void tell_health(struct feeder_work *work)
{
    struct feeder_health health = {.connected = work->link != NULL && work->failures == 0,
                                   .sent = work->rows_sent,
                                   .waiting = count_waiting(work),
                                   .last_s = work->last_s};
    char type = FEEDER_HEALTH;
    snprintf(health.trouble, sizeof health.trouble, "%s", strbuf_text(&work->trouble));
    feeder_send(work->fd, &type, 1, (struct span){(const char *)&health, sizeof health},
                (struct span){0});
}

/* ---- a round ---- */

static bool open_state(struct feeder_work *work)
{
    struct strbuf why = {0};
    if (work->reader == NULL)
        work->reader = state_reader_open(work->settings->state_folder, &why);
    if (work->reader == NULL && clock_steady_ms() - work->begun_ms > YOUNG_MS)
        fall(work, strbuf_text(&why));
    strbuf_clear(&why);
    return work->reader != NULL;
}

static int connect_place(struct feeder_work *work, struct strbuf *why)
{
    const struct feeder_settings *settings = work->settings;
    int deadline = settings->deadline_ms > 0 ? settings->deadline_ms : DEADLINE_MS;
    work->link = link_open(&settings->place, settings->password, deadline, why);
    if (work->link == NULL || feeder_rows_begin(work, why) != 0)
        return -1;
    work->fleet.uploaded = 0; /* what was not stored there may be known to be sent here */
    work->fleet.downloaded = 0;
    return 0;
}

/* Is it still there? Nobody else asks when nothing is to be sent. */
static int ping(struct feeder_work *work, struct strbuf *why)
{
    int64_t now_ms;
    if (clock_steady_ms() - work->used_ms < PING_MS)
        return 0;
    if (link_clock(work->link, &now_ms, why) != 0)
        return -1;
    work->used_ms = clock_steady_ms();
    return 0;
}

/* Other nodes may have longer windows: twice, and two days at least. */
static int64_t counts_kept(const struct feeder_settings *settings)
{
    int64_t counts = 2 * settings->window_s;
    counts = counts < COUNTS_MIN_S ? COUNTS_MIN_S : counts;
    return counts < settings->keep_s ? counts : settings->keep_s;
}

/* Nodes do it at different times, and it does no harm when they do not. Little by little: counts do
 * not wait for it. */
static int purge(struct feeder_work *work, struct strbuf *why)
{
    uint64_t rows;
    int64_t now = clock_steady_ms();
    const struct feeder_settings *settings = work->settings;
    const struct schema_keep keep = {settings->keep_s, counts_kept(settings)};
    if (settings->keep_s == 0 || work->insert == NULL)
        return 0;
    if (work->purged_ms == 0)
        work->purged_ms = now - PURGE_MS + 60000 + getpid() % 100 * 10000;
    if (now - work->purged_ms < PURGE_MS)
        return 0;
    int done = schema_purge(work->link, &keep, PURGE_BUDGET_MS, &rows, why);
    if (done == 0)
        work->purged_ms = now;
    return done < 0 ? -1 : 0;
}

/* 1: more rows wait. */
static int work_once(struct feeder_work *work, struct strbuf *why)
{
    if (work->link == NULL && connect_place(work, why) != 0)
        return -1;
    int more = feeder_rows_send(work, why);
    if (more < 0 || (work->settings->fleet && feeder_fleet_share(work, why) != 0) ||
        ping(work, why) != 0 || purge(work, why) != 0)
        return -1;
    feeder_recover(work);
    return more;
}

static bool run_round(struct feeder_work *work)
{
    struct strbuf why = {0};
    if (!open_state(work) || (work->link == NULL && clock_steady_ms() < work->next_try_ms))
        return false;
    int done = work_once(work, &why);
    if (done < 0)
        fall(work, strbuf_text(&why));
    strbuf_clear(&why);
    return done == 1 || (done < 0 && work->failures == 1);
}

/* ---- orders ---- */

/* Waits for one. -1: the daemon is gone; 0: none; else the deadline of the end. */
static int64_t wait_order(const struct feeder_work *work, int wait_ms)
{
    struct feeder_order order;
    struct pollfd fd = {.fd = work->fd, .events = POLLIN};
    if (poll(&fd, 1, wait_ms) <= 0)
        return 0;
    ssize_t got = recv(work->fd, &order, sizeof order, MSG_DONTWAIT);
    if (got == (ssize_t)sizeof order)
        return clock_steady_ms() + order.deadline_ms + 1;
    return got < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

/* A library that hangs is ended by SIGALRM. */
static void set_watchdog(const struct feeder_work *work)
{
    int deadline = work->settings->deadline_ms > 0 ? work->settings->deadline_ms : DEADLINE_MS;
    alarm((unsigned)(60 + 20 * (deadline / 1000)));
}

static bool is_done(struct feeder_work *work)
{
    return work->link != NULL && work->failures == 0 && count_waiting(work) == 0;
}

void feeder_run(const struct feeder_settings *settings, int fd)
{
    struct feeder_work work = {.settings = settings, .fd = fd, .begun_ms = clock_steady_ms()};
    int poll_ms = settings->poll_ms > 0 ? settings->poll_ms : POLL_MS;
    int64_t end = 0, order = 0;
    bool more = true;
    while (order >= 0 && (end == 0 || (clock_steady_ms() < end && !is_done(&work)))) {
        set_watchdog(&work);
        more = run_round(&work);
        tell_health(&work);
        order = wait_order(&work, more ? 0 : end != 0 ? 50 : poll_ms);
        end = order > 0 ? order : end;
        if (end != 0)
            work.next_try_ms = 0;
    }
    link_close(work.link);
    state_reader_close(work.reader);
}
