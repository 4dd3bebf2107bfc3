/* postlog_daemon - opens everything in an order in which nothing is forked beside a thread, runs
 * the loop, and closes everything in the order in which nothing is lost. */
#include "postlog_daemon.h"

#include "spamgear/base/clock.h"
#include "spamgear/base/diag.h"
#include "spamgear/base/outfile.h"
#include "spamgear/base/path.h"
#include "spamgear/net/notify.h"
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define TICK_MS      1000
#define LOOK_MS      200   /* without inotify, and for renamed files */
#define FLUSH_MS     15000 /* for the disk, at the end */
#define END_MS       10000 /* for another database, and for a reaction */
#define ONCE_MS      60000 /* the same with --once, when nobody waits for us */
#define STUCK_MS     120000
#define FORGOTTEN_MS 3600000               /* between two lines about senders that were forgotten */
#define SETTLE_MS    (2 * FOLLOW_GRACE_MS) /* a renamed log may still get its last lines */
#define WAL_BYTES    (256u << 20)          /* it is told when it is larger */

/* ---- what the parts tell ---- */

static void take_spam(void *at, const struct spam_event *event)
{
    struct postlog *own = at;
    state_batch_spam(own->batch, event);
    own->filled = true;
    own->counts.spam++;
    postlog_say_spam(own->log, event);
}

static void read_feeder(void *at, unsigned events)
{
    (void)events;
    postlog_read_feeder(at);
}

static void read_watcher(void *at, unsigned events)
{
    struct postlog *own = at;
    struct strbuf why = {0};
    (void)events;
    if (watcher_read(own->watcher, postlog_take_told, own, &why) != 0)
        postlog_lose_process(own, &own->watcher_watch, strbuf_text(&why));
    strbuf_clear(&why);
}

static void wake(void *at, unsigned events)
{
    struct postlog *own = at;
    (void)events;
    loop_wake(own->loop);
}

/* ---- opening ---- */

static int open_state(struct postlog *own, struct strbuf *why)
{
    const struct store_config *store = &own->plan->store;
    struct state_settings settings = {.folder = store->state,
                                      .commit_ms = 1, /* we wait */
                                      .keep_s = store->keep_s,
                                      .rows_max = store->rows_max,
                                      .listing = &own->plan->listing.listing,
                                      .feeds = store->feeds};
    own->state = state_open(&settings, why);
    return own->state != NULL ? 0 : -1;
}

static void take_policy_line(void *at, const char *line)
{
    struct postlog *own = at;
    postlog_say(own->log, SAY_WARNING, "%s", line);
}

static int64_t longest_period(const struct postlog *own)
{
    int64_t longest = 3600;
    size_t count = own->watcher != NULL ? watcher_count(own->watcher) : 0;
    for (size_t i = 0; i < count; i++) {
        const struct window *window = &watcher_source(own->watcher, i)->check->window;
        if (clock_now() - window->since > longest)
            longest = clock_now() - window->since;
    }
    return longest;
}

/* Who is over a limit of [watch] is over. */
static int open_policy(struct postlog *own, struct strbuf *why)
{
    struct policy_service_settings settings = own->plan->policy.service;
    size_t count = own->watcher != NULL ? watcher_count(own->watcher) : 0;
    if (!own->plan->policy.listens || own->plan->set->once)
        return 0;
    VEC(struct watch *) watches = {0};
    for (size_t i = 0; i < count; i++)
        *vec_add(&watches) = watcher_source(own->watcher, i)->watch;
    *vec_add(&watches) = NULL;
    settings.policy.state = own;
    settings.policy.dry |= own->plan->set->dry_run;
    settings.policy.tell = take_policy_line;
    settings.state = own->plan->cases;
    settings.past_s = longest_period(own);
    if (settings.past_s < settings.policy.period_s)
        settings.past_s = settings.policy.period_s;
    own->policy = policy_service_open(own->loop, &settings, watches.at, why);
    own->watches = watches.at;
    return own->policy != NULL ? 0 : -1;
}

/* The process that reacts is started in it. */
static int open_watcher(struct postlog *own)
{
    const struct store_config *store = &own->plan->store;
    const struct feeder_settings *fleet =
        store->feeds && store->feeder.fleet ? &store->feeder : NULL;
    bool none = false;
    own->watcher = watcher_open(own->run, fleet, own->plan->set->dry_run, &none);
    return own->watcher != NULL || none ? 0 : -1; /* it has said why */
}

static int open_feeder(struct postlog *own, struct strbuf *why)
{
    struct feeder_settings settings = own->plan->store.feeder;
    if (!own->plan->store.feeds)
        return 0;
    settings.window_s = longest_period(own);
    own->feeder = feeder_start(&settings, why);
    return own->feeder != NULL ? 0 : -1;
}

static void load_thread(void *at, uint64_t number, struct span bytes)
{
    threads_load(at, number, bytes);
}

static void load_change(void *at, struct span key, struct span bytes)
{
    watch_load(at, key, bytes);
}

static int load_policy(struct postlog *own, struct strbuf *why)
{
    struct watch *watch = policy_watch(policy_service_policy(own->policy));
    int64_t since = (clock_now() - own->plan->policy.service.policy.period_s) / 60;
    return state_watch(own->state, POSTLOG_POLICY, since, load_change, watch, why);
}

static int load(struct postlog *own, struct strbuf *why)
{
    size_t count = own->watcher != NULL ? watcher_count(own->watcher) : 0;
    int result = state_threads(own->state, load_thread, own->threads, why);
    for (size_t i = 0; i < count && result == 0; i++) {
        const struct watcher_source *source = watcher_source(own->watcher, i);
        int64_t since = source->check->window.since / 60;
        result = state_watch(own->state, source->profile->applet, since, load_change, source->watch,
                             why);
    }
    return result == 0 && own->policy != NULL ? load_policy(own, why) : result;
}

static int open_inputs(struct postlog *own)
{
    struct texts problems = {0};
    int result = postlog_inputs_open(&own->inputs, own->plan, own->watcher, own->state, &problems);
    for (size_t i = 0; i < problems.len; i++)
        postlog_say(own->log, SAY_ERROR, "%s", problems.at[i]);
    texts_clear(&problems);
    return result;
}

static int watch_descriptors(struct postlog *own, struct strbuf *why)
{
    int result = 0;
    for (size_t i = 0; i < own->inputs.len && result == 0; i++) {
        int fd = postlog_input_fd(&own->inputs.at[i]);
        if (fd >= 0 && loop_add(own->loop, fd, LOOP_READ, wake, own, why) == NULL)
            result = -1;
    }
    if (result == 0 && own->feeder != NULL) {
        int fd = feeder_fd(own->feeder);
        own->feeder_watch = loop_add(own->loop, fd, LOOP_READ, read_feeder, own, why);
        result = own->feeder_watch != NULL ? 0 : -1;
    }
    if (result == 0 && own->watcher != NULL) {
        int fd = watcher_fd(own->watcher);
        own->watcher_watch = loop_add(own->loop, fd, LOOP_READ, read_watcher, own, why);
        result = own->watcher_watch != NULL ? 0 : -1;
    }
    return result;
}

/* systemd makes it for its services; sockets tell when it is missing. */
static void make_run_folder(void)
{
    struct strbuf why = {0};
    int fd = geteuid() == 0 ? path_make_folder(POSTLOG_RUN, 0755, &why) : -1;
    if (fd >= 0)
        close(fd);
    strbuf_clear(&why);
}

/* What reads the state in another process is started before it is open, and everything that forks
 * before there is a thread. */
static int open_all(struct postlog *own, struct strbuf *why)
{
    own->loop = loop_new(why);
    if (own->loop == NULL || open_watcher(own) != 0 || open_feeder(own, why) != 0 ||
        open_state(own, why) != 0)
        return -1;
    own->threads = postlog_open_threads(own->plan, own, take_spam);
    if (!own->plan->set->once)
        make_run_folder();
    if (open_policy(own, why) != 0 || load(own, why) != 0 || open_inputs(own) != 0 ||
        postlog_signals_open(own, why) != 0)
        return -1;
    own->batch = state_batch_new();
    if (state_start(own->state, why) != 0 || watch_descriptors(own, why) != 0)
        return -1;
    return own->plan->set->once ? 0 : postlog_status_serve(own, why);
}

/* ---- running ---- */

static void tell_health(struct postlog *own)
{
    struct state_health now;
    state_look(own->state, &now);
    if (now.failing)
        postlog_say(own->log, SAY_ERROR, "%s", now.trouble);
    else if (own->health.failing)
        postlog_say(own->log, SAY_NOTICE, "the state is written again");
    if (now.map_failing)
        postlog_say(own->log, SAY_ERROR, "%s", now.map_trouble);
    if (now.wal_bytes > WAL_BYTES)
        postlog_say(own->log, SAY_WARNING,
                    "%s/postlog.db-wal grows: somebody has been reading the database for long",
                    own->plan->store.state);
    if (now.lost > own->health.lost)
        postlog_say(own->log, SAY_ERROR, "LOST: %llu spam events had to be given up so far",
                    (unsigned long long)now.lost);
    if (now.early > 0 && own->health.early == 0)
        postlog_say(own->log, SAY_ERROR,
                    "the bound of spam events is reached ([store] rows-max, or 1 GiB): the oldest "
                    "go before `keep` is over");
    own->health = now;
}

/* Made-up names may be all of it, or the bound too low. */
static void tell_forgotten(struct postlog *own)
{
    struct watcher_counts counts;
    int64_t now = clock_steady_ms();
    watcher_look(own->watcher, &counts);
    if (counts.forgotten == own->forgotten ||
        (own->forgotten_ms != 0 && now - own->forgotten_ms < FORGOTTEN_MS))
        return;
    postlog_say(own->log, SAY_WARNING,
                "[watch]: too many senders to remember: %llu that were not seen for longest were "
                "forgotten so far",
                (unsigned long long)counts.forgotten);
    own->forgotten = counts.forgotten;
    own->forgotten_ms = now;
}

static void tick(void *at)
{
    struct postlog *own = at;
    int64_t now = clock_now();
    if (own->watcher != NULL) {
        watcher_tick(own->watcher, now);
        tell_forgotten(own);
    }
    if (own->watcher_watch != NULL && watcher_is_stuck(own->watcher))
        postlog_lose_process(own, &own->watcher_watch, "the process that reacts does not answer");
    tell_health(own);
    if (own->anew_ms != 0 && clock_steady_ms() >= own->anew_ms && !own->plan->set->once) {
        own->reload = true;
        loop_stop(own->loop);
    }
    postlog_log_flush(own->log);
    loop_wake(own->loop);
}

static void look(void *at)
{
    struct postlog *own = at;
    loop_wake(own->loop);
}

/* A writer that hangs in the disk is what a watchdog is for; one that is refused goes on. */
static void feed_watchdog(void *at)
{
    struct postlog *own = at;
    if (own->health.failing || own->health.oldest_waiting_ms < STUCK_MS)
        notify_send("WATCHDOG=1", NULL);
}

/* Cron would send a mail of each run that says it has run. */
static enum postlog_level usual(const struct postlog *own)
{
    return own->plan->set->once ? SAY_DEBUG : SAY_NOTICE;
}

/* It may come; or its name is wrong. */
static void tell_odd_inputs(struct postlog *own)
{
    struct follow_state state;
    for (size_t i = 0; i < own->inputs.len; i++) {
        const struct postlog_input *input = &own->inputs.at[i];
        if (input->follow == NULL || input->failing)
            continue;
        follow_look(input->follow, &state);
        if (state.file == NULL)
            postlog_say(own->log, SAY_WARNING, "%s: is not there", input->name);
        postlog_tell_undated(own, input, input->name);
    }
}

static void go_live(struct postlog *own)
{
    if (own->live)
        return;
    own->live = true;
    tell_odd_inputs(own);
    if (own->watcher != NULL)
        watcher_set_live(own->watcher, true, clock_now());
    postlog_say(own->log, usual(own), "all that was there has been read");
}

/* Of files, or of journals. */
static bool is_behind(const struct postlog *own, bool journals)
{
    bool behind = false;
    for (size_t i = 0; i < own->inputs.len; i++)
        behind |= (own->inputs.at[i].journal != NULL) == journals &&
                  postlog_input_is_behind(&own->inputs.at[i]);
    return behind;
}

/* A log that was renamed may still get a line or two, and a journal is slow. */
static bool has_settled(struct postlog *own)
{
    struct watcher_counts counts = {0};
    int64_t now = clock_steady_ms();
    if (own->watcher != NULL)
        watcher_look(own->watcher, &counts);
    if (own->settled_ms == 0)
        own->settled_ms = now;
    bool waits = counts.waiting > 0 || is_behind(own, true);
    return !(is_behind(own, false) && now - own->settled_ms < SETTLE_MS) &&
           !(waits && now - own->settled_ms < ONCE_MS);
}

static bool read_on(struct postlog *own)
{
    bool more = postlog_read(own);
    if (more)
        own->settled_ms = 0;
    else if (!is_behind(own, true))
        go_live(own);
    return more;
}

/* What belongs to a batch is gathered before another line is read; and where more comes in than the
 * disk takes, reading waits for it. */
static bool work(void *at)
{
    struct postlog *own = at;
    bool held = postlog_is_full(own);
    bool more = !held && read_on(own);
    if (postlog_must_submit(own)) {
        postlog_submit_some(own);
        return true;
    }
    if (!held && !more && own->plan->set->once && has_settled(own))
        loop_stop(own->loop);
    return more; /* where the disk is waited for, the next look comes soon */
}

static void write_textfile(void *at)
{
    struct postlog *own = at;
    struct strbuf text = {0}, why = {0};
    struct outfile file;
    int result = outfile_open(&file, own->plan->set->textfile, &why);
    if (result == 0) {
        postlog_status_metrics(own, &text);
        fwrite(strbuf_text(&text), 1, text.len, file.stream);
        fchmod(fileno(file.stream), 0644); /* a collector of another user reads it */
        result = outfile_commit(&file, &why);
    }
    if (result != 0)
        postlog_say(own->log, SAY_ERROR, "%s", strbuf_text(&why));
    strbuf_clear(&text);
    strbuf_clear(&why);
}

static int run_loop(struct postlog *own, struct strbuf *why)
{
    int64_t watchdog = notify_watchdog_ms();
    loop_every(own->loop, LOOK_MS, look, own);
    loop_every(own->loop, TICK_MS, tick, own);
    if (own->plan->set->textfile != NULL)
        loop_every(own->loop, own->plan->set->interval.seconds * 1000, write_textfile, own);
    if (watchdog > 0)
        loop_every(own->loop, watchdog, feed_watchdog, own);
    loop_work(own->loop, work, own);
    notify_send("READY=1\nSTATUS=Following", NULL);
    postlog_say(own->log, usual(own), "started, %zu log%s", own->inputs.len,
                own->inputs.len == 1 ? "" : "s");
    return loop_run(own->loop, why);
}

/* ---- ending ---- */

static void say_why(struct postlog *own, struct strbuf *why)
{
    if (why->len > 0)
        postlog_say(own->log, SAY_ERROR, "%s", strbuf_text(why));
    strbuf_clear(why);
}

/* Nothing is read any more; what was read is written, then handed on. Who goes on at once hands it
 * on then: mail servers wait for answers meanwhile. */
static void end(struct postlog *own)
{
    struct strbuf why = {0};
    int deadline = own->plan->set->once ? ONCE_MS : own->reload ? 0 : END_MS;
    if (own->batch != NULL && own->state != NULL) {
        while (postlog_submit_some(own))
            ;
        if (state_flush(own->state, FLUSH_MS, &why) != 0)
            say_why(own, &why);
        tell_health(own);
    }
    if (own->feeder != NULL) {
        postlog_end_feeding(own, deadline);
    }
}

static void tell_end(const struct postlog *own)
{
    struct strbuf text = {0};
    struct timespec now = {0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    strbuf_format(&text, "RELOADING=1\nMONOTONIC_USEC=%lld",
                  (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
    notify_send(own->reload ? strbuf_text(&text) : "STOPPING=1", NULL);
    strbuf_clear(&text);
}

static void close_all(struct postlog *own)
{
    int deadline = own->plan->set->once ? ONCE_MS : END_MS;
    if (own->feeder != NULL)
        feeder_stop(own->feeder, 0);
    if (own->watcher != NULL)
        watcher_close(own->watcher, deadline);
    if (own->policy !=
        NULL) /* so long who asks waits: refused, he would ask once more and give up */
        policy_service_close(own->policy);
    free(own->watches);
    if (own->socket != NULL)
        serve_close(own->socket);
    if (own->listen != NULL)
        serve_close(own->listen);
    postlog_inputs_close(&own->inputs);
    if (own->batch != NULL)
        state_batch_free(own->batch);
    if (own->state != NULL)
        state_close(own->state);
    if (own->threads != NULL)
        threads_free(own->threads);
    loop_free(own->loop);
    if (own->signals >= 0)
        close(own->signals);
}

static void tell_remarks(struct postlog *own)
{
    for (size_t i = 0; i < own->plan->remarks.len; i++)
        postlog_say(own->log, SAY_WARNING, "%s", own->plan->remarks.at[i]);
}

int postlog_run(const struct postlog_plan *plan, const struct run *run)
{
    struct postlog own = {.run = run,
                          .plan = plan,
                          .signals = -1,
                          .started = clock_now(),
                          .newest = STAMP_NONE,
                          .submitted_ms = clock_steady_ms()};
    struct strbuf why = {0};
    umask(077);
    signal(SIGHUP, SIG_IGN); /* until we listen */
    signal(SIGUSR1, SIG_IGN);
    signal(SIGPIPE, SIG_IGN); /* who read what we say may go */
    own.log = postlog_log_open(plan->log, plan->level, plan->console, plan->set->once);
    tell_remarks(&own);
    int result = open_all(&own, &why);
    if (result == 0) {
        result = run_loop(&own, &why);
        tell_end(&own);
        end(&own);
        postlog_say(own.log, usual(&own), own.reload ? "reloading" : "ended");
    }
    say_why(&own, &why);
    close_all(&own);
    if (postlog_log_close(own.log))
        result = -1;
    if (result == 0 && own.reload) {
        postlog_become_anew(&own);
        diag_error("cannot start anew");
        result = -1;
    }
    return result == 0 ? 0 : APPLET_TROUBLE;
}
