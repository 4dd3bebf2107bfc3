/* thread_replay - a mail log through the joiner, with 127.0.0.1 as content filter.
 *
 *     thread_replay FILE [NEWEST]     prints the events as mail_threads.py writes its truth
 *     thread_replay -q FILE           prints only what it took
 *
 * NEWEST: seconds since the epoch that no line is later than; now without it. Speed is told by
 * processor time, reading included.
 */
#include "spamgear/log/thread.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static bool quiet;

static void print_spam(void *state, const struct spam_event *e)
{
    (void)state;
    if (quiet)
        return;
    printf("%.*s\t%.*s\t%.*s\t%.*s\t%s\t", (int)e->queue_id.len, e->queue_id.at, (int)e->client.len,
           e->client.len == 0 ? "" : e->client.at, (int)e->from.len,
           e->from.len == 0 ? "" : e->from.at, (int)e->sasl.len, e->sasl.len == 0 ? "" : e->sasl.at,
           mail_verdict_name(e->verdict));
    if (e->has_score)
        printf("%g", e->score);
    else
        printf("-");
    printf("\t%u\n", e->victims);
}

/* One line through the joiner. */
static void take_line(struct threads *threads, struct stamp_clock *clock, struct span whole)
{
    static unsigned count;
    struct stamp stamp;
    struct log_line line = {.whole = whole, .origin = ORIGIN_PLAIN};
    line.time = stamp_read(clock, whole, &stamp, &line.rest);
    line.shape = stamp.shape;
    if (line.time == STAMP_NONE)
        return;
    threads_line(threads, &line);
    if (++count % 64 == 0)
        threads_tick(threads, line.time);
}

/* Blocks of whole lines, the rest of the last one before the next. Returns the bytes read. */
static size_t replay(struct threads *threads, int fd, int64_t newest)
{
    static char block[256 * 1024];
    struct stamp_clock clock;
    size_t kept = 0, all = 0;
    stamp_clock_init(&clock, newest);
    for (ssize_t n; (n = read(fd, block + kept, sizeof block - kept)) > 0;) {
        struct span text = {block, kept + (size_t)n}, line;
        const char *last = memrchr(text.at, '\n', text.len);
        all += (size_t)n;
        if (last == NULL && text.len == sizeof block)
            break;
        struct span whole = last == NULL ? (struct span){block, 0} : span_of(block, last + 1);
        kept = text.len - whole.len;
        while (span_take_line(&whole, &line))
            take_line(threads, &clock, line);
        memmove(block, block + text.len - kept, kept);
    }
    threads_finish(threads);
    return all;
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    quiet = argc > 2 && span_is(span_text(argv[1]), SPAN("-q"));
    int fd = argc > 1 ? open(argv[quiet ? 2 : 1], O_RDONLY | O_CLOEXEC) : -1;
    long long newest = argc > 2 && !quiet ? strtoll(argv[2], NULL, 10) : (long long)time(NULL);
    struct prefix relay;
    if (fd < 0 || !prefix_parse(SPAN("127.0.0.0/8"), &relay))
        return 2;
    struct threads_settings settings = {.relays = &relay, .relays_len = 1, .spam = print_spam};
    struct threads *threads = threads_new(&settings);
    struct threads_counts counts;
    struct rusage usage;
    double before = seconds();
    size_t bytes = replay(threads, fd, newest);
    double taken = seconds() - before;
    threads_look(threads, &counts);
    getrusage(RUSAGE_SELF, &usage);
    fprintf(stderr,
            "%.0f MB/s, %.0f ns a line; lines %llu, threads %llu, verdicts %llu, bad %llu, spam "
            "%llu, unjoined %llu, given up %llu, unknown %llu, alive %zu, %ld MB resident\n",
            (double)bytes / taken / 1e6, taken * 1e9 / (double)counts.lines,
            (unsigned long long)counts.lines, (unsigned long long)counts.threads,
            (unsigned long long)counts.verdicts, (unsigned long long)counts.bad,
            (unsigned long long)counts.spam, (unsigned long long)counts.unjoined,
            (unsigned long long)counts.given_up, (unsigned long long)counts.unknown, counts.alive,
            usage.ru_maxrss / 1024);
    threads_free(threads);
    close(fd);
    return 0;
}
