/* policy_server PLACE STATE MESSAGES RECIPIENTS ACTION CASE-ACTION [LOG-LINES] - the policy service
 * alone, on a loop, until it is told to end. STATE "": no cases; CASE-ACTION "": they are not
 * asked. LOG-LINES: so many lines of a log are taken in each second meanwhile, to see what that
 * does to the answers; how many were is told at the end. What the service has to tell goes to
 * standard error. */
#include "spamgear/base/clock.h"
#include "spamgear/check/policy_service.h"
#include "spamgear/log/format.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

static struct loop *loop;

static void tell(void *state, const char *line)
{
    (void)state;
    fprintf(stderr, "%s\n", line);
}

static void end(void *state, unsigned events)
{
    (void)state;
    (void)events;
    loop_stop(loop);
}

/* ---- a log that is followed ---- */

static struct eater {
    struct strbuf log;
    struct span rest;
    struct limits limits;
    struct watch *watches[2];
    uint64_t rate, lines, events;
    int64_t begun_ms;
} eater;

static void eat_line(struct span line)
{
    struct stamp stamp;
    size_t len = stamp_parse(line, &stamp);
    if (len == 0)
        return;
    struct log_line whole = {line, span_skip(line, len), stamp.shape, 0, ORIGIN_PLAIN, 0};
    struct event event = {.repeat = 1};
    if (format_postfix.parse(&format_postfix, &whole, &event) != PARSE_EVENT)
        return;
    event.time = clock_now();
    event.line = line;
    watch_add(eater.watches[0], &event);
    eater.events++;
}

static bool eat(void *state)
{
    uint64_t due = (uint64_t)(clock_steady_ms() - eater.begun_ms) * eater.rate / 1000;
    struct span line;
    (void)state;
    for (int i = 0; i < 200 && eater.lines < due; i++, eater.lines++) {
        if (eater.rest.len == 0)
            eater.rest = strbuf_span(&eater.log);
        if (span_take_line(&eater.rest, &line))
            eat_line(line);
    }
    return eater.lines < due;
}

static void wake(void *state)
{
    loop_wake(state);
}

static void begin_to_eat(const char *path, const char *rate)
{
    FILE *file = fopen(path, "r");
    char chunk[1 << 16];
    for (size_t got; file != NULL && (got = fread(chunk, 1, sizeof chunk, file)) > 0;)
        strbuf_add(&eater.log, chunk, got);
    if (file != NULL)
        fclose(file);
    eater.limits.standard = UINT64_MAX;
    const struct watch_settings settings = {.period_s = 3600, .limits = &eater.limits};
    eater.watches[0] = watch_new(&settings);
    eater.rate = strtoull(rate, NULL, 10);
    eater.begun_ms = clock_steady_ms();
    loop_work(loop, eat, NULL);
    loop_every(loop, 1, wake, loop);
}

static void end_eating(void)
{
    int64_t ms = clock_steady_ms() - eater.begun_ms;
    if (eater.rate > 0)
        printf("# %" PRIu64 " lines, %" PRIu64 " events, %" PRIu64 " lines a second\n", eater.lines,
               eater.events, eater.lines * 1000 / (uint64_t)(ms > 0 ? ms : 1));
    watch_free(eater.watches[0]);
    strbuf_clear(&eater.log);
}

static void listen_to_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    loop_add(loop, signalfd(-1, &set, SFD_CLOEXEC), LOOP_READ, end, NULL, NULL);
}

int main(int argc, char **argv)
{
    struct strbuf why = {0};
    struct texts places = {0};
    if (argc < 7)
        return 2;
    texts_add(&places, argv[1]);
    const struct policy_service_settings settings = {
        .policy = {.messages = strtoull(argv[3], NULL, 10),
                   .recipients = strtoull(argv[4], NULL, 10),
                   .period_s = 3600,
                   .action = argv[5],
                   .case_action = argv[6][0] != '\0' ? argv[6] : NULL,
                   .tell = tell},
        .places = &places,
        .mode = 0666,
        .state = argv[2][0] != '\0' ? argv[2] : NULL,
        .refresh_ms = 200};
    loop = loop_new(&why);
    listen_to_signals();
    if (argc == 9)
        begin_to_eat(argv[7], argv[8]);
    struct policy_service *service = policy_service_open(loop, &settings, eater.watches, &why);
    if (service == NULL || loop_run(loop, &why) != 0)
        fprintf(stderr, "%s\n", strbuf_text(&why));
    strbuf_reset(&why);
    if (service != NULL)
        policy_service_metrics(service, &why);
    printf("%s", strbuf_text(&why));
    policy_service_close(service);
    end_eating();
    loop_free(loop);
    texts_clear(&places);
    strbuf_clear(&why);
    return 0;
}
