/* sweep - the loop of a scan: feed the pool, take verdicts, act, tell.
 *
 * An item is one file under way. It owns the open descriptor from the moment the file was opened
 * until everything was done about it, so that what is acted upon is what was examined. A file
 * that is to be cleaned goes to the pool a second time, with a memfd for the result: cutting is
 * parsing, and parsing is for workers. The result, sealed and compared with the file (it must be
 * that without the cuts that were told), goes there a third time: only what every detector calls
 * clean replaces the file.
 */
#include "sweep_parts.h"

#include "spamgear/base/clock.h"
#include "spamgear/scan/clean.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#define PROGRESS_WAIT_MS 200 /* how long a verdict is waited for before progress is told */
#define INPUT_WAIT_MS    5   /* and a path, while verdicts are owed */

/* ---- items ---- */

static struct item *item_new(struct run *run, struct span path)
{
    struct item *item = run->spare;
    if (item != NULL)
        run->spare = item->next;
    else
        item = mem_zero(1, sizeof *item);
    strbuf_reset(&item->path);
    strbuf_add_span(&item->path, path);
    item->phase = EXAMINE;
    item->fd = item->cleaned_fd = -1;
    item->folder = NULL;
    return item;
}

static void item_done(struct run *run, struct item *item)
{
    if (item->folder != NULL)
        verdict_folder_release(run->sweep->cache, item->folder);
    if (item->cleaned_fd >= 0)
        close(item->cleaned_fd);
    if (item->fd >= 0)
        close(item->fd);
    item->next = run->spare;
    run->spare = item;
}

static void items_free(struct run *run)
{
    while (run->spare != NULL) {
        struct item *item = run->spare;
        run->spare = item->next;
        strbuf_clear(&item->path);
        free(item);
    }
}

/* ---- telling ---- */

static void inform(struct run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void inform(struct run *run, const char *format, ...)
{
    va_list args;
    if (run->sweep->inform == NULL)
        return;
    scan_report_pause(run->sweep->report);
    strbuf_reset(&run->said);
    va_start(args, format);
    strbuf_vformat(&run->said, format, args);
    va_end(args);
    run->sweep->inform(strbuf_text(&run->said));
}

/* Counting takes its time; it is done for those who look. */
static void expect(struct run *run)
{
    if (run->sweep->report->settings.progress)
        run->totals->expected = walk_expected(run->walk);
}

static void progress(struct run *run)
{
    run->totals->now_ms = clock_steady_ms();
    expect(run);
    scan_report_progress(run->sweep->report, run->totals);
}

/* ---- one file ---- */

static void report_other(struct run *run, struct item *item, const struct verdict *verdict)
{
    struct scan_file file = {.path = strbuf_span(&item->path), .verdict = verdict};
    scan_report_file(run->sweep->report, &file);
    if (verdict->result == VERDICT_UNKNOWN) {
        sweep_complain_of(run, item, verdict->why);
        run->totals->unknown++;
    } else if (item->folder != NULL) {
        verdict_folder_add(item->folder, &item->st);
    }
}

static void finish(struct run *run, struct item *item, const struct verdict *verdict)
{
    footprint_after(&item->footprint, item->fd);
    if (verdict->result == VERDICT_FOUND)
        sweep_found(run, item, verdict);
    else
        report_other(run, item, verdict);
    item_done(run, item);
}

static void give(struct run *run, struct item *item)
{
    bool check = item->phase == CHECK;
    struct pool_job job = {.fd = check ? item->cleaned_fd : item->fd,
                           .size = check ? item->verdict.cleaned_size : (uint64_t)item->st.st_size,
                           .cleaned_fd = item->phase == CLEAN ? item->cleaned_fd : -1,
                           .ticket = item};
    pool_give(run->pool, &job);
}

/* Is the file to be cleaned, by what was found in it? */
static bool wants_cleaning(const struct run *run, const struct verdict *verdict)
{
    const struct sweep *sweep = run->sweep;
    return sweep->clean && verdict->result == VERDICT_FOUND &&
           verdict_acts(verdict, sweep->detect.rules) && clean_may_help(&sweep->detect, verdict);
}

/* True when the item went to be cleaned, and will come back. */
static bool examined(struct run *run, struct item *item, const struct verdict *verdict)
{
    run->totals->bytes += verdict->size;
    if (!wants_cleaning(run, verdict))
        return false;
    item->cleaned_fd = memfd_create("spamgear-cleaned", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (item->cleaned_fd < 0) {
        sweep_complain_of(run, item, "cannot be cleaned: no memory file");
        return false;
    }
    item->verdict = *verdict;
    item->phase = CLEAN;
    give(run, item);
    return true;
}

/* What was found stays; what cleaning came to is added. True when its result went to be
 * checked: nobody can change it any more then, the worker that made it neither. */
static bool cleaned(struct run *run, struct item *item, const struct verdict *second)
{
    const int seals = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
    struct verdict *first = &item->verdict;
    first->cleaning = second->cleaning == CLEANING_NOT_ASKED ? CLEANING_STUCK : second->cleaning;
    first->cleaned_size = second->cleaned_size;
    first->cuts_len = second->cuts_len;
    memcpy(first->cuts, second->cuts, sizeof first->cuts);
    if (first->cleaning != CLEANING_DONE)
        return false;
    if (fcntl(item->cleaned_fd, F_ADD_SEALS, seals) != 0 || !sweep_is_only_cut(item)) {
        first->cleaning = CLEANING_STUCK;
        return false;
    }
    item->phase = CHECK;
    give(run, item);
    return true;
}

static void checked(const struct run *run, struct item *item, const struct verdict *third)
{
    if (third->result == VERDICT_UNKNOWN || verdict_acts(third, run->sweep->detect.rules))
        item->verdict.cleaning = CLEANING_STUCK;
}

static bool take(struct run *run, int wait_ms)
{
    struct pool_job job;
    const struct verdict *verdict;
    if (pool_take(run->pool, &job, &verdict, wait_ms) != 1)
        return false;
    struct item *item = job.ticket;
    enum phase phase = item->phase;
    bool comes_back = phase == EXAMINE ? examined(run, item, verdict)
                      : phase == CLEAN ? cleaned(run, item, verdict)
                                       : false;
    if (phase == CHECK)
        checked(run, item, verdict);
    if (!comes_back)
        finish(run, item, phase == EXAMINE ? verdict : &item->verdict);
    return true;
}

/* ---- feeding ---- */

/* A file that was clean when it was as it is now: no need to open it. */
static bool is_known(struct run *run, struct item *item, const struct walk_file *file)
{
    static const struct verdict clean = {.result = VERDICT_CLEAN};
    if (run->sweep->cache == NULL)
        return false;
    item->folder = verdict_cache_folder(run->sweep->cache, file);
    if (item->folder == NULL || !verdict_folder_has(item->folder, &file->st))
        return false;
    struct scan_file known = {.path = file->path, .verdict = &clean};
    scan_report_file(run->sweep->report, &known);
    run->totals->cached++;
    return true;
}

/* Is the file open for writing nowhere, nor mapped so? The times are set when a write begins, so
 * one that is under way (it can be held up for ever) could change what was read after it was read.
 * Only then is a read lease to be had. */
static bool has_no_writer(int fd)
{
    bool none = fcntl(fd, F_SETLEASE, F_RDLCK) == 0;
    if (none)
        fcntl(fd, F_SETLEASE, F_UNLCK);
    return none;
}

/* 1: it is gone, as files of a folder in use are. */
static int open_item(struct run *run, struct item *item)
{
    item->fd = walk_open_file(run->walk, &item->st, &run->why);
    if (item->fd < 0 && errno == ENOENT && run->sweep->walk.input == WALK_OPERANDS) {
        run->totals->vanished++;
        return 1;
    }
    if (item->fd < 0)
        return -1;
    if (item->folder != NULL && !has_no_writer(item->fd)) {
        verdict_folder_release(run->sweep->cache, item->folder);
        item->folder = NULL;
    }
    footprint_before(&item->footprint, item->fd, (uint64_t)item->st.st_size);
    return 0;
}

/* A path that cannot be examined is as unknown as a file that cannot. run->why begins with it. */
static void count_unknown(struct run *run, struct span path)
{
    struct verdict verdict;
    struct span reason = strbuf_span(&run->why);
    sweep_complain(run, strbuf_text(&run->why));
    if (span_has_prefix(reason, path) && reason.len > path.len + 2)
        reason = span_skip(reason, path.len + 2);
    verdict_reset(&verdict);
    verdict_unknown(&verdict, "%.*s", (int)reason.len, reason.at);
    if (path.len > 0)
        scan_report_file(run->sweep->report,
                         &(struct scan_file){.path = path, .verdict = &verdict});
    run->totals->files++;
    run->totals->unknown++;
}

/* Workers are started for the first file that is not known: a tree that did not change needs none.
 */
static bool has_pool(struct run *run)
{
    const struct sweep *sweep = run->sweep;
    if (run->pool != NULL)
        return true;
    run->pool = pool_open(&sweep->pool, &sweep->detect, &run->why);
    run->failed = run->pool == NULL;
    if (!run->failed)
        inform(run, "in force in the workers: %s", pool_protection(run->pool));
    return !run->failed;
}

static void feed_file(struct run *run, const struct walk_file *file)
{
    struct item *item = item_new(run, file->path);
    bool known = is_known(run, item, file);
    int result = known || !has_pool(run) ? 1 : open_item(run, item);
    run->totals->files += known || result == 0;
    if (result == 0) {
        give(run, item);
        return;
    }
    if (result < 0)
        count_unknown(run, strbuf_span(&item->path));
    item_done(run, item);
}

/* Nothing to feed has come yet: what is under way goes on meanwhile, so that who writes one path
 * after another has each answer at once. */
static void await_input(struct run *run)
{
    bool idle = run->pool == NULL || pool_outstanding(run->pool) == 0;
    struct pollfd polled = {.fd = run->sweep->walk.input_fd, .events = POLLIN};
    if (!idle && take(run, 0))
        return;
    scan_report_flush(run->sweep->report);
    poll(&polled, 1, idle ? PROGRESS_WAIT_MS : INPUT_WAIT_MS);
}

/* The next file into the pool. False when there are no more. */
static bool feed(struct run *run)
{
    struct walk_file file;
    int result = walk_next(run->walk, &file, &run->why);
    if (result == WALK_WAIT)
        await_input(run);
    else if (result > 0)
        feed_file(run, &file);
    else if (result < 0)
        count_unknown(run, file.path);
    return result != 0;
}

static void loop(struct run *run, const volatile bool *stop)
{
    bool more = true;
    while (more && !run->failed && !*stop) {
        if (run->pool == NULL || pool_has_room(run->pool))
            more = feed(run);
        else
            take(run, PROGRESS_WAIT_MS);
        progress(run);
    }
    while (run->pool != NULL && pool_outstanding(run->pool) > 0) {
        take(run, PROGRESS_WAIT_MS);
        progress(run);
    }
}

static void inform_of_counts(struct run *run)
{
    const struct walk_counts *counts = walk_counts(run->walk);
    inform(run, "%" PRIu64 " files, of which %" PRIu64 " were known to be clean",
           run->totals->files, run->totals->cached);
    inform(run,
           "left out: %" PRIu64 " excluded, %" PRIu64 " too large, %" PRIu64 " too old, %" PRIu64
           " no regular files, %" PRIu64 " gone before they could be opened",
           counts->excluded, counts->too_large, counts->too_old, counts->not_regular,
           run->totals->vanished);
    if (run->pool != NULL)
        inform(run, "%u workers had to be replaced", pool_replaced(run->pool));
}

int sweep_run(struct sweep *sweep, void (*complain_with)(const char *text),
              const volatile bool *stop, struct scan_totals *totals, struct strbuf *why)
{
    struct run run = {.sweep = sweep, .complain = complain_with, .totals = totals};
    totals->started_ms = totals->now_ms = clock_steady_ms();
    signal(SIGIO, SIG_IGN); /* who opens a file for writing while a lease is asked for */
    run.walk = walk_open(&sweep->walk);
    expect(&run);
    loop(&run, stop);
    sweep_complain_of_links(&run);
    if (run.failed)
        strbuf_why(why, "%s", strbuf_text(&run.why));
    totals->now_ms = clock_steady_ms();
    totals->vanished += walk_counts(run.walk)->vanished;
    inform_of_counts(&run);
    walk_close(run.walk);
    pool_close(run.pool);
    items_free(&run);
    strbuf_clear(&run.why);
    strbuf_clear(&run.said);
    return run.failed ? -1 : 0;
}
