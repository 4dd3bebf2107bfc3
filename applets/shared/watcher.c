/* watcher - the daemon's side: lines into watches, crossings into jobs, answers into words. */
#include "watcher_parts.h"

#include "mail_section.h"
#include "other.h"
#include "react_section.h"
#include "spamgear/base/clock.h"
#include "spamgear/base/diag.h"
#include "spamgear/base/text.h"
#include "watcher_section.h"
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define WAITING_MAX 10000 /* senders that wait for their check */
#define CHORES_MS   60000
#define STUCK_MS    5000 /* besides twice the time that a job may take */
#define HOUR_MS     (3600 * 1000)

const struct section *const watcher_sections[] = {&watcher_section, &react_section, &mail_section,
                                                  NULL};

struct own_source {
    struct watcher_source told; /* to the daemon */
    struct other other;
    struct watcher *watcher;
    uint32_t number;
    bool firm; /* the line at hand is none that any local user can write */
};

/* A sender whose check has not answered yet. */
struct waiting {
    struct watcher_job job;
    char *name;
    size_t name_len;
    bool sent, urgent;
    int64_t since, sent_at; /* clock_steady_ms */
};

struct watcher {
    struct section_values values;
    struct watcher_values *settings;
    struct own_source *sources;
    const char **applets;
    size_t count;
    struct watcher_reactor reactor;
    int fd;
    bool live, fleet;
    uint32_t last_id;
    VEC(struct waiting) waiting;
    VEC(int64_t) disabled; /* when somebody was, within an hour */
    uint64_t actions_max;
    bool trust_plain;
    int64_t chores_at;
    bool chores_run; /* their process has not answered yet */
    struct watcher_counts counts;
    char packet[sizeof(struct watcher_news) + WATCHER_TEXT_MAX + 1];
};

/* ---- jobs ---- */

static bool send_job(struct watcher *watcher, const struct watcher_job *job, struct span name)
{
    struct iovec parts[2] = {{(void *)(uintptr_t)job, sizeof *job},
                             {(void *)(uintptr_t)name.at, name.len}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    return sendmsg(watcher->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
}

static bool acts(const struct watcher *watcher, const struct waiting *w)
{
    return w->job.work == WATCHER_CHECK && !watcher->reactor.dry && react_is_account(w->job.kind) &&
           watcher->sources[w->job.source].other.own->disable != NULL;
}

/* Who was disabled more than an hour ago counts no more. */
static size_t count_disabled(struct watcher *watcher)
{
    size_t kept = 0;
    int64_t since = clock_steady_ms() - HOUR_MS;
    for (size_t i = 0; i < watcher->disabled.len; i++)
        if (watcher->disabled.at[i] >= since)
            watcher->disabled.at[kept++] = watcher->disabled.at[i];
    return watcher->disabled.len = kept;
}

struct under_way {
    size_t urgent, others, scans, acting, disabled;
};

static void count_job(const struct watcher *watcher, const struct waiting *w,
                      struct under_way *under_way)
{
    bool scan = w->job.kind == SENDER_SCRIPT;
    under_way->scans += scan;
    under_way->urgent += !scan && w->urgent;
    under_way->others += !scan && !w->urgent;
    under_way->acting += !w->job.dry && acts(watcher, w);
}

/* Scans, which may take long, have places of their own; one place is kept free of senders whom
 * anybody could have made up. */
static bool has_place(const struct watcher *watcher, const struct waiting *w,
                      const struct under_way *under_way)
{
    uint64_t jobs = watcher->settings->jobs;
    if (w->job.kind == SENDER_SCRIPT)
        return under_way->scans < (jobs + 1) / 2;
    return under_way->urgent + under_way->others < jobs &&
           (w->urgent || jobs == 1 || under_way->others < jobs - 1);
}

/* False: the socket takes no more. */
static bool begin_job(struct watcher *watcher, struct waiting *w, struct under_way *under_way)
{
    bool act = acts(watcher, w), full = under_way->disabled >= watcher->actions_max;
    if (!has_place(watcher, w, under_way) ||
        (act && !full && under_way->disabled + under_way->acting >= watcher->actions_max))
        return true;
    w->job.dry = watcher->reactor.dry || (act && full);
    if (!send_job(watcher, &w->job, (struct span){w->name, w->name_len}))
        return false;
    w->sent = true;
    w->sent_at = clock_steady_ms();
    count_job(watcher, w, under_way);
    return true;
}

/* Sends what may be sent, the urgent first. Each check is a run of its own, so max-actions-per-run
 * is kept here, for an hour; until it is known what came of those under way, nobody more than it
 * allows is begun. */
static void send_jobs(struct watcher *watcher)
{
    struct under_way under_way = {.disabled = count_disabled(watcher)};
    for (size_t i = 0; i < watcher->waiting.len; i++)
        if (watcher->waiting.at[i].sent)
            count_job(watcher, &watcher->waiting.at[i], &under_way);
    for (int urgent = 1; urgent >= 0; urgent--)
        for (size_t i = 0; i < watcher->waiting.len; i++) {
            struct waiting *w = &watcher->waiting.at[i];
            if (!w->sent && w->urgent == urgent && !begin_job(watcher, w, &under_way))
                return;
        }
}

static struct waiting *find_waiting(const struct watcher *watcher, const struct watcher_job *job,
                                    struct span name)
{
    for (size_t i = 0; i < watcher->waiting.len; i++) {
        struct waiting *w = &watcher->waiting.at[i];
        if (w->job.source == job->source && w->job.work == job->work && w->job.kind == job->kind &&
            span_is((struct span){w->name, w->name_len}, name))
            return w;
    }
    return NULL;
}

static void remove_waiting(struct watcher *watcher, size_t number)
{
    struct waiting *w = &watcher->waiting.at[number];
    free(w->name);
    memmove(w, w + 1, (--watcher->waiting.len - number) * sizeof *w);
}

/* Of too many the last one goes that is not urgent; who goes on sending comes again. */
static bool make_way(struct watcher *watcher, bool urgent)
{
    size_t i = watcher->waiting.len;
    if (i < WAITING_MAX)
        return true;
    while (urgent && i-- > 0) {
        if (watcher->waiting.at[i].sent || watcher->waiting.at[i].urgent)
            continue;
        remove_waiting(watcher, i);
        watcher->counts.failed++;
        return true;
    }
    return false;
}

static uint32_t next_id(struct watcher *watcher)
{
    return ++watcher->last_id == 0 ? ++watcher->last_id : watcher->last_id;
}

/* False when there are too many, or nobody can have this name. */
static bool ask(const struct own_source *source, enum watcher_work work, enum sender_kind kind,
                struct span name)
{
    struct watcher *watcher = source->watcher;
    struct watcher_job job = {
        .source = source->number, .work = work, .kind = kind, .dry = watcher->reactor.dry};
    bool urgent = source->firm && work == WATCHER_CHECK && react_is_account(kind);
    struct waiting *known = find_waiting(watcher, &job, name);
    if (known != NULL) {
        if (urgent && !known->urgent && !known->sent) {
            known->urgent = true;
            send_jobs(watcher);
        }
        return true;
    }
    if (name.len > WATCHER_NAME_MAX || (name.len > 0 && memchr(name.at, '\0', name.len) != NULL) ||
        !make_way(watcher, urgent))
        return false;
    job.id = next_id(watcher);
    *vec_add(&watcher->waiting) = (struct waiting){.job = job,
                                                   .name = mem_text_of(name.at, name.len),
                                                   .name_len = name.len,
                                                   .urgent = urgent,
                                                   .since = clock_steady_ms()};
    send_jobs(watcher);
    return true;
}

static void crossed(void *state, enum sender_kind kind, struct span name, struct watch_sum sum,
                    uint64_t limit)
{
    const struct own_source *source = state;
    (void)sum;
    (void)limit;
    if (!source->watcher->live)
        return;
    source->watcher->counts.crossed++;
    if (!ask(source, WATCHER_CHECK, kind, name))
        source->watcher->counts.failed++;
}

/* The fleet must know the networks before the sum of all machines is over the limit. */
static void half(void *state, enum sender_kind kind, struct span name)
{
    const struct own_source *source = state;
    if (source->watcher->live && react_is_account(kind))
        ask(source, WATCHER_NETWORKS, kind, name);
}

/* ---- opening ---- */

/* The first standard log that is there; else the journal, as for the checker; else the first one,
 * which may come. */
static void find_logs(struct watcher_source *source)
{
    const struct log_request *request = &source->check->logs;
    source->journal = request->journal;
    if (texts_has(request->names, "-"))
        diag_error("[watch]: standard input cannot be watched");
    source_growing(request->names, &source->logs);
    for (size_t i = 0; source->logs.len == 0 && !source->journal; i++) {
        if (request->standard[i] == NULL && request->identifiers != NULL)
            source->journal = true;
        else if (request->standard[i] == NULL)
            texts_add(&source->logs, request->standard[0]);
        else if (access(request->standard[i], F_OK) == 0)
            texts_add(&source->logs, request->standard[i]);
    }
}

static void tell_unknown(const char *name)
{
    struct text_near near = {.typed = name};
    for (size_t i = 0; logcheck_profile_at(i) != NULL; i++)
        text_near_try(&near, logcheck_profile_at(i)->applet);
    diag_error("[watch] sources: %s is no log checker%s%s%s", name,
               near.best != NULL ? "; did you mean " : "", near.best != NULL ? near.best : "",
               near.best != NULL ? "?" : "");
}

static int open_source(struct watcher *watcher, const char *name, const struct run *run)
{
    struct own_source *source = &watcher->sources[watcher->count];
    struct other_given given = {.recipients = true};
    *source = (struct own_source){.watcher = watcher, .number = (uint32_t)watcher->count};
    source->told.profile = logcheck_profile(name);
    if (source->told.profile == NULL) {
        tell_unknown(name);
        return -1;
    }
    watcher->applets[watcher->count++] = source->told.profile->applet;
    if (other_open(&source->other, source->told.profile->applet, &given, run) != 0)
        return -1;
    source->told.check = &source->other.check;
    find_logs(&source->told);
    source->told.watch =
        watch_new(&(struct watch_settings){.period_s = source->other.own->period.seconds,
                                           .limits = &source->other.check.limits,
                                           .by_recipients = source->other.check.by_recipients,
                                           .state = source,
                                           .crossed = crossed,
                                           .half = watcher->fleet ? half : NULL,
                                           .again_s = watcher->settings->again.seconds});
    return 0;
}

static bool is_named_before(const struct texts *names, size_t number)
{
    for (size_t i = 0; i < number; i++)
        if (strcmp(names->at[i], names->at[number]) == 0)
            return true;
    return false;
}

static int open_sources(struct watcher *watcher, const struct run *run)
{
    const struct texts *names = &watcher->settings->sources;
    unsigned errors = diag_error_count();
    watcher->sources = mem_zero(names->len, sizeof *watcher->sources);
    watcher->applets = mem_zero(names->len, sizeof *watcher->applets);
    for (size_t i = 0; i < names->len; i++)
        if (!is_named_before(names, i))
            open_source(watcher, names->at[i], run);
    return diag_error_count() == errors ? 0 : -1;
}

/* What stands in [react] is found wrong now, and not when somebody must be stopped. */
static int read_react(struct watcher *watcher, const struct run *run)
{
    struct section_values values;
    const struct react_settings *react = react_section_read(&values, run->config);
    watcher->actions_max = react != NULL ? react->actions_max : 0;
    watcher->trust_plain = react != NULL && react->trust_plain;
    section_clear(&values);
    return react != NULL ? 0 : -1;
}

static int read_settings(struct watcher *watcher, const struct run *run)
{
    struct texts problems = {0};
    section_read(&watcher->values, &watcher_section, run->config, &problems);
    watcher->settings = watcher->values.own;
    for (size_t i = 0; i < problems.len; i++)
        diag_error("%s", problems.at[i]);
    int result = problems.len == 0 ? 0 : -1;
    texts_clear(&problems);
    return result;
}

static int start_reactor(struct watcher *watcher, const struct run *run,
                         const struct feeder_settings *fleet, bool dry)
{
    struct strbuf why = {0};
    watcher->reactor =
        (struct watcher_reactor){.run = run,
                                 .fleet = fleet,
                                 .applets = watcher->applets,
                                 .dry = dry || watcher->settings->dry_run,
                                 .scan = watcher->settings->scan,
                                 .trust_plain = watcher->trust_plain,
                                 .deadline_ms = (int)(watcher->settings->timeout.seconds * 1000)};
    watcher->fd = watcher_reactor_start(&watcher->reactor, &why);
    if (watcher->fd < 0)
        diag_error("[watch]: the process that reacts: %s", strbuf_text(&why));
    strbuf_clear(&why);
    return watcher->fd < 0 ? -1 : 0;
}

struct watcher *watcher_open(const struct run *run, const struct feeder_settings *fleet, bool dry,
                             bool *none)
{
    struct watcher *watcher = mem_zero(1, sizeof *watcher);
    watcher->fd = -1;
    watcher->fleet = fleet != NULL && fleet->fleet;
    int result = read_settings(watcher, run);
    *none = result == 0 && watcher->settings->sources.len == 0;
    if (result == 0 && !*none && open_sources(watcher, run) == 0 && read_react(watcher, run) == 0 &&
        start_reactor(watcher, run, fleet, dry) == 0) {
        watcher->chores_at = clock_steady_ms() + CHORES_MS;
        return watcher;
    }
    watcher_close(watcher, 0);
    return NULL;
}

int watcher_check(const struct run *run)
{
    struct watcher *watcher = mem_zero(1, sizeof *watcher);
    watcher->fd = -1;
    int result = read_settings(watcher, run);
    if (result == 0 && watcher->settings->sources.len > 0 &&
        (open_sources(watcher, run) != 0 || read_react(watcher, run) != 0))
        result = -1;
    watcher_close(watcher, 0);
    return result;
}

/* ---- the end ---- */

/* Until the other end is closed, or it takes too long: a reaction is finished all the same, but
 * nobody hears what came of it. */
static void wait_for_end(const struct watcher *watcher, int deadline_ms)
{
    int64_t deadline = clock_steady_ms() + deadline_ms, left;
    char rest[256];
    shutdown(watcher->fd, SHUT_WR);
    while ((left = deadline - clock_steady_ms()) > 0) {
        struct pollfd poll_fd = {.fd = watcher->fd, .events = POLLIN};
        if (poll(&poll_fd, 1, (int)left) > 0 &&
            recv(watcher->fd, rest, sizeof rest, MSG_DONTWAIT | MSG_TRUNC) == 0)
            return;
    }
}

void watcher_close(struct watcher *watcher, int deadline_ms)
{
    if (watcher == NULL)
        return;
    if (watcher->fd >= 0) {
        wait_for_end(watcher, deadline_ms);
        close(watcher->fd);
    }
    for (size_t i = 0; i < watcher->count; i++) {
        watch_free(watcher->sources[i].told.watch);
        texts_clear(&watcher->sources[i].told.logs);
        if (watcher->sources[i].other.own != NULL)
            other_close(&watcher->sources[i].other);
    }
    for (size_t i = 0; i < watcher->waiting.len; i++)
        free(watcher->waiting.at[i].name);
    vec_clear(&watcher->waiting);
    vec_clear(&watcher->disabled);
    free(watcher->sources);
    free(watcher->applets);
    section_clear(&watcher->values);
    free(watcher);
}

/* ---- lines ---- */

size_t watcher_count(const struct watcher *watcher)
{
    return watcher->count;
}

const struct watcher_source *watcher_source(const struct watcher *watcher, size_t number)
{
    return &watcher->sources[number].told;
}

/* A line without a stamp counts as now, where the format's program writes such lines. */
static bool date_line(const struct log_format *format, struct log_line *line)
{
    if (line->time != STAMP_NONE || format->own_time)
        return true;
    line->time = clock_now();
    line->shape = STAMP_BARE;
    line->rest = line->whole;
    return format->undated_ok;
}

static enum parse_result parse_line(const struct check *check, const struct log_line *line,
                                    struct event *event)
{
    for (size_t i = 0; i < check->formats_len; i++) {
        struct log_line own = *line;
        *event = (struct event){.repeat = 1};
        if (!date_line(check->formats[i], &own))
            continue;
        enum parse_result result = check->formats[i]->parse(check->formats[i], &own, event);
        event->time = event->time == 0 ? own.time : event->time;
        if (result == PARSE_EVENT || result == PARSE_NOTHING)
            return result;
    }
    return PARSE_FOREIGN;
}

void watcher_line(struct watcher *watcher, size_t number, const struct log_line *line)
{
    const struct watcher_source *source = &watcher->sources[number].told;
    struct event event;
    if (parse_line(source->check, line, &event) != PARSE_EVENT)
        return;
    event.origin = line->origin;
    event.line = line->whole;
    event.offset = line->offset;
    watcher->sources[number].firm = line->origin == ORIGIN_TRUSTED;
    watch_add(source->watch, &event);
    watcher->sources[number].firm = false;
}

void watcher_set_live(struct watcher *watcher, bool live, int64_t now)
{
    bool begins = live && !watcher->live;
    watcher->live = live;
    for (size_t i = 0; begins && i < watcher->count; i++)
        watch_over(watcher->sources[i].told.watch, now, crossed, &watcher->sources[i]);
}

/* ---- answers ---- */

int watcher_fd(const struct watcher *watcher)
{
    return watcher->fd;
}

/* The reactor began anew: what it was given before is lost. */
static void give_again(struct watcher *watcher)
{
    for (size_t i = 0; i < watcher->waiting.len; i++)
        watcher->waiting.at[i].sent = false;
    watcher->chores_run = false;
    send_jobs(watcher);
}

static void count_result(struct watcher *watcher, const struct waiting *w,
                         const struct watcher_news *news)
{
    struct watcher_counts *counts = &watcher->counts;
    struct watch *watch = watcher->sources[w->job.source].told.watch;
    counts->scripts += news->result == WATCHER_SCANNED;
    counts->failed += news->result == WATCHER_FAILED;
    if (news->result == WATCHER_DISABLED) {
        counts->disabled++;
        counts->last_ms = clock_steady_ms() - w->since;
        *vec_add(&watcher->disabled) = clock_steady_ms();
    }
    if (news->result == WATCHER_NOT_OVER)
        watch_not_over(watch, w->job.kind, (struct span){w->name, w->name_len}, news->missing);
}

static void take_answer(struct watcher *watcher, const struct watcher_news *news)
{
    size_t at = 0;
    if (news->result == WATCHER_HELLO) {
        give_again(watcher);
        return;
    }
    while (at < watcher->waiting.len && watcher->waiting.at[at].job.id != news->id)
        at++;
    if (at == watcher->waiting.len) {
        watcher->chores_run = false;
        return;
    }
    struct waiting done = watcher->waiting.at[at];
    memmove(&watcher->waiting.at[at], &watcher->waiting.at[at + 1],
            (watcher->waiting.len - at - 1) * sizeof done);
    watcher->waiting.len--;
    count_result(watcher, &done, news);
    free(done.name);
    send_jobs(watcher);
}

static void tell_lines(char *text, size_t len,
                       void (*tell)(void *state, bool trouble, const char *line), void *state)
{
    struct span rest = {text, len}, line;
    while (span_take_line(&rest, &line)) {
        text[line.at + line.len - text] = '\0';
        if (line.len > 0)
            tell(state, *line.at == '!', line.at + 1);
    }
}

int watcher_read(struct watcher *watcher, void (*tell)(void *state, bool trouble, const char *line),
                 void *state, struct strbuf *why)
{
    struct watcher_news news;
    for (;;) {
        ssize_t got = recv(watcher->fd, watcher->packet, sizeof watcher->packet - 1, MSG_DONTWAIT);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN)
            return 0;
        if (got <= 0)
            return strbuf_why(why, "the process that reacts is gone");
        if ((size_t)got < sizeof news)
            continue;
        memcpy(&news, watcher->packet, sizeof news);
        tell_lines(watcher->packet + sizeof news, (size_t)got - sizeof news, tell, state);
        take_answer(watcher, &news);
    }
}

/* Mail that waits and cases that expire, which otherwise the next run of any applet looks after. */
static void run_chores(struct watcher *watcher)
{
    struct watcher_job job = {.id = next_id(watcher), .work = WATCHER_CHORES};
    int64_t now = clock_steady_ms();
    if (watcher->reactor.dry || watcher->chores_run || now < watcher->chores_at)
        return;
    watcher->chores_at = now + CHORES_MS;
    watcher->chores_run = send_job(watcher, &job, (struct span){0});
}

void watcher_tick(struct watcher *watcher, int64_t now)
{
    for (size_t i = 0; i < watcher->count; i++)
        watch_tick(watcher->sources[i].told.watch, now);
    send_jobs(watcher);
    run_chores(watcher);
}

bool watcher_is_stuck(const struct watcher *watcher)
{
    int64_t since = clock_steady_ms() - 2 * (int64_t)watcher->reactor.deadline_ms - STUCK_MS;
    for (size_t i = 0; i < watcher->waiting.len; i++)
        if (watcher->waiting.at[i].sent && watcher->waiting.at[i].sent_at < since)
            return true;
    return false;
}

void watcher_look(const struct watcher *watcher, struct watcher_counts *counts)
{
    *counts = watcher->counts;
    counts->waiting = watcher->waiting.len;
    for (size_t i = 0; i < watcher->count; i++) {
        struct watch_counts watch;
        watch_look(watcher->sources[i].told.watch, &watch);
        counts->senders += watch.senders;
        counts->forgotten += watch.forgotten;
    }
}
