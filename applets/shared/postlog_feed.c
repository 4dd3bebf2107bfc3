/* postlog_feed - the process that feeds another database, as the daemon sees it. */
#include "postlog_daemon.h"

#include "spamgear/base/clock.h"
#include <inttypes.h>
#include <poll.h>

#define ANEW_MS  30000
#define TRIES_MS 5000 /* a database in trouble is waited for no longer at the end */

void postlog_take_told(void *at, bool trouble, const char *line)
{
    struct postlog *own = at;
    postlog_say(own->log, trouble ? SAY_ERROR : SAY_NOTICE, "%s", line);
}

/* What the other nodes counted belongs to the source of that name. */
static void take_bucket(void *at, const char *profile, const struct watch_bucket *bucket)
{
    struct postlog *own = at;
    size_t count = own->watcher != NULL ? watcher_count(own->watcher) : 0;
    for (size_t i = 0; i < count; i++) {
        const struct watcher_source *source = watcher_source(own->watcher, i);
        if (strcmp(source->profile->applet, profile) == 0)
            watch_foreign(source->watch, bucket);
    }
}

/* Beside a thread no other can be started: that takes a new self, but not too often. */
void postlog_lose_process(struct postlog *own, struct loop_watch **watch, const char *why)
{
    postlog_say(own->log, SAY_ERROR, "%s; starting anew in a while", why);
    loop_remove(*watch);
    *watch = NULL;
    if (own->anew_ms == 0)
        own->anew_ms = clock_steady_ms() + ANEW_MS;
}

void postlog_read_feeder(struct postlog *own)
{
    struct feeder_news news = {.state = own, .bucket = take_bucket, .tell = postlog_take_told};
    struct strbuf why = {0};
    if (feeder_read(own->feeder, &news, &why) != 0)
        postlog_lose_process(own, &own->feeder_watch, strbuf_text(&why));
    strbuf_clear(&why);
}

static void wait_for_news(struct postlog *own)
{
    struct pollfd ask = {.fd = feeder_fd(own->feeder), .events = POLLIN};
    if (poll(&ask, 1, 100) > 0)
        postlog_read_feeder(own);
}

/* last_s tells when it was found to be complete. */
static bool is_complete(const struct feeder_health *health, int64_t since)
{
    return health->connected && health->waiting == 0 && health->last_s >= since;
}

void postlog_end_feeding(struct postlog *own, int deadline_ms)
{
    struct feeder_health health = {0};
    int64_t begun = clock_steady_ms(), since = clock_now();
    bool gone = false, hopeless = false, complete = false;
    while (!gone && !hopeless && !complete && clock_steady_ms() - begun < deadline_ms) {
        wait_for_news(own);
        feeder_look(own->feeder, &health);
        gone = own->anew_ms != 0;
        complete = is_complete(&health, since);
        hopeless =
            !health.connected && health.trouble[0] != '\0' && clock_steady_ms() - begun > TRIES_MS;
    }
    if (!complete && health.waiting > 0)
        postlog_say(own->log, SAY_ERROR, "%" PRIu64 " rows wait for the other database: %s",
                    health.waiting, health.trouble);
    feeder_look(own->feeder, &health);
    feeder_stop(own->feeder, hopeless || gone || !health.connected ? 0 : TRIES_MS);
    own->feeder = NULL;
}
