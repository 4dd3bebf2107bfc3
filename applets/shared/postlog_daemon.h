/* postlog_daemon - follows, joins, counts, writes down, answers: what `postlog` is.
 *
 * Not an applet: applets/postlog.c declares it. One thread with a loop reads logs in small
 * portions; what follows from them is gathered in a batch, together with the places in the logs,
 * and handed to the thread of store/state, so that each line takes effect exactly once. What sends
 * to another database and what reacts are processes of their own, started before that thread.
 */
#ifndef SPAMGEAR_APPLETS_POSTLOG_DAEMON_H
#define SPAMGEAR_APPLETS_POSTLOG_DAEMON_H

#include "postlog_input.h"
#include "postlog_log.h"
#include "postlog_settings.h"
#include "spamgear/base/loop.h"
#include "spamgear/log/thread.h"
#include "spamgear/net/serve.h"
#include "spamgear/store/feeder.h"

#define POSTLOG_POLICY "policy" /* under this name its counts stand in the state */

struct postlog {
    const struct run *run;
    const struct postlog_plan *plan;
    struct postlog_log *log;
    struct loop *loop;
    struct state *state;
    struct state_batch *batch;
    struct threads *threads;
    struct watcher *watcher;       /* NULL: no [watch] */
    struct feeder *feeder;         /* NULL: no other database */
    struct policy_service *policy; /* NULL: no [policy] */
    struct watch **watches;        /* what it looks at; NULL-terminated */
    struct serve *socket, *listen;
    struct loop_watch *feeder_watch, *watcher_watch;
    int64_t anew_ms; /* steady; when to start anew, since a process of ours is gone; 0 */
    struct postlog_inputs inputs;
    int signals;                      /* signalfd */
    int64_t started, newest;          /* newest: time of the newest line, STAMP_NONE */
    int64_t submitted_ms, settled_ms; /* steady; settled: since when everything has been read, 0 */
    int64_t textfile_ms;
    bool filled;    /* there is something in the batch */
    bool gathering; /* and not yet all that belongs to it */
    bool live;      /* what was there at the start has been read */
    bool reload;
    struct state_health health; /* as it was looked at last */
    uint64_t forgotten;         /* senders, when it was told last, .. */
    int64_t forgotten_ms;       /* .. and when that was; steady, 0: never */
    struct {
        uint64_t lines, bytes, undated, spam;
    } counts;
};

/* Runs until it is told to end, or, with --once, until all is read. The exit status. */
int postlog_run(const struct postlog_plan *plan, const struct run *run);
/* --replay: old logs, with a state of its own. The exit status. */
int postlog_replay(const struct postlog_plan *plan, const struct run *run);

/* --- What its parts share --- */

/* postlog_read.c: the joiner that the plan wants. */
struct threads *postlog_open_threads(const struct postlog_plan *plan, void *state,
                                     void (*spam)(void *state, const struct spam_event *event));
/* Takes lines of a chunk; some portions of every input: is there more? */
void postlog_take_lines(struct postlog *own, struct postlog_input *input,
                        const struct postlog_chunk *chunk);
bool postlog_read(struct postlog *own);
/* Told when no line had a time: that is another log than it should be. */
void postlog_tell_undated(struct postlog *own, const struct postlog_input *input, const char *name);
/* postlog_batch.c: hands over what was gathered, with the places and all that has changed. True:
 * there is more to gather, and until that is done nothing may be read. */
bool postlog_submit_some(struct postlog *own);
bool postlog_must_submit(const struct postlog *own);
bool postlog_is_full(const struct postlog *own); /* nothing may be read now */
/* postlog_feed.c: waits until the other database has everything, or is in trouble, which is told;
 * then ends the process that feeds it. */
void postlog_end_feeding(struct postlog *own, int deadline_ms);
void postlog_take_told(void *own, bool trouble, const char *line); /* what another process says */
void postlog_read_feeder(struct postlog *own); /* when it has something to say */
void postlog_lose_process(struct postlog *own, struct loop_watch **watch, const char *why);
/* postlog_signals.c */
int postlog_signals_open(struct postlog *own, struct strbuf *why);
void postlog_become_anew(const struct postlog *own); /* returns when it could not */
/* postlog_status.c */
void postlog_status_text(struct postlog *own, struct strbuf *out);
void postlog_status_json(struct postlog *own, struct strbuf *out);
void postlog_status_metrics(struct postlog *own, struct strbuf *out);
int postlog_status_serve(struct postlog *own, struct strbuf *why);
/* Asks the daemon at the socket, or looks into its state. The exit status. */
int postlog_status_ask(const struct postlog_plan *plan);

#endif
