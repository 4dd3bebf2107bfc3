/* thread_replay - a mail log through the joiner, with 127.0.0.1 as content filter.
 *
 *     thread_replay FILE [NEWEST]     prints the events as mail_threads.py writes its truth
 *     thread_replay -q FILE           prints only what it took
 *
 * NEWEST: seconds since the epoch that no line is later than; now without it. A measuring tool: it
 * maps the file, so the cost of reading is that of page faults.
 */
#include "spamgear/log/thread.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
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
           verdict_name(e->verdict));
    if (e->has_score)
        printf("%g", e->score);
    else
        printf("-");
    printf("\t%u\n", e->victims);
}

static struct span map_file(const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0 || st.st_size == 0)
        return (struct span){NULL, 0};
    void *at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
    close(fd);
    return at == MAP_FAILED ? (struct span){NULL, 0} : (struct span){at, (size_t)st.st_size};
}

static void replay(struct threads *threads, struct span text, int64_t newest)
{
    struct stamp_clock clock;
    struct stamp stamp;
    struct log_line line = {.origin = ORIGIN_PLAIN};
    unsigned count = 0;
    stamp_clock_init(&clock, newest);
    while (span_take_line(&text, &line.whole)) {
        line.time = stamp_read(&clock, line.whole, &stamp, &line.rest);
        line.shape = stamp.shape;
        if (line.time == STAMP_NONE)
            continue;
        threads_line(threads, &line);
        if (++count % 64 == 0)
            threads_tick(threads, line.time);
    }
    threads_finish(threads);
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    quiet = argc > 2 && span_is(span_text(argv[1]), SPAN("-q"));
    struct span text = map_file(argv[quiet ? 2 : 1]);
    long long newest = argc > 2 && !quiet ? strtoll(argv[2], NULL, 10) : (long long)time(NULL);
    struct prefix relay;
    if (text.at == NULL || !prefix_parse(SPAN("127.0.0.0/8"), &relay))
        return 2;
    struct threads_settings settings = {.relays = &relay, .relays_len = 1, .spam = print_spam};
    struct threads *threads = threads_new(&settings);
    struct threads_counts counts;
    struct rusage usage;
    double before = seconds();
    replay(threads, text, newest);
    double taken = seconds() - before;
    threads_look(threads, &counts);
    getrusage(RUSAGE_SELF, &usage);
    fprintf(stderr,
            "%.0f MB/s, %.0f ns a line; lines %llu, threads %llu, verdicts %llu, bad %llu, spam "
            "%llu, unjoined %llu, given up %llu, unknown %llu, alive %zu, %ld MB resident\n",
            (double)text.len / taken / 1e6, taken * 1e9 / (double)counts.lines,
            (unsigned long long)counts.lines, (unsigned long long)counts.threads,
            (unsigned long long)counts.verdicts, (unsigned long long)counts.bad,
            (unsigned long long)counts.spam, (unsigned long long)counts.unjoined,
            (unsigned long long)counts.given_up, (unsigned long long)counts.unknown, counts.alive,
            usage.ru_maxrss / 1024);
    threads_free(threads);
    munmap((void *)(uintptr_t)text.at, text.len);
    return 0;
}
