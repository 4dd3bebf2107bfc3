/* policy_service - a policy, its sockets, and the cases it knows of. */
#include "spamgear/check/policy_service.h"

#include "spamgear/base/clock.h"
#include "spamgear/base/mem.h"
#include "spamgear/net/serve.h"
#include "spamgear/report/metrics.h"
#include "spamgear/store/cases.h"
#include <stdlib.h>
#include <sys/stat.h>

#define REFRESH_MS   3000
#define READS        2 /* after a change: another one may have come within the same tick */
#define FAILURES_MAX 3 /* then what was known of cases is too old */
#define FRESH_S      2 /* a file changed so lately may change again within the same tick */
#define TICK_S       60

/* What tells that a file is another one than before. */
struct state_of_file {
    struct timespec changed;
    ino_t inode;
    off_t size;
};

struct policy_service {
    struct policy_service_settings settings;
    struct loop *loop;
    struct policy *policy;
    VEC(struct serve *) serves;
    struct strbuf action;
    size_t open_cases;
    struct state_of_file seen[2];
    unsigned reads_left, failures;
    int64_t ticked;
};

/* ---- requests ---- */

static size_t take(void *state, struct span bytes, struct strbuf *answer, bool *close)
{
    struct policy_service *service = state;
    struct policy_request request;
    bool bad;
    size_t took = policy_request_take(bytes, &request, &bad);
    if (took == 0)
        return 0;
    strbuf_reset(&service->action);
    if (bad) {
        policy_bad(service->policy, clock_now());
        strbuf_add_text(&service->action, "DUNNO");
    } else
        policy_decide(service->policy, &request, clock_now(), &service->action);
    policy_answer(answer, strbuf_span(&service->action));
    *close = bad;
    return took;
}

/* ---- cases ---- */

static void say(const struct policy_service *service, const char *what, const char *why)
{
    struct strbuf line = {0};
    strbuf_format(&line, "policy: %s: %s", what, why);
    if (service->settings.policy.tell != NULL)
        service->settings.policy.tell(service->settings.policy.state, strbuf_text(&line));
    strbuf_clear(&line);
}

struct known {
    struct texts accounts;
    VEC(bool) open;
    VEC(int64_t) closed;
};

static void take_account(void *state, struct span account, bool open, int64_t closed)
{
    struct known *known = state;
    char *text = mem_text_of(account.at, account.len);
    texts_add(&known->accounts, text);
    *vec_add(&known->open) = open;
    *vec_add(&known->closed) = closed;
    free(text);
}

static void use(struct policy_service *service, const struct known *known)
{
    service->open_cases = 0;
    policy_forget_accounts(service->policy);
    for (size_t i = 0; i < known->accounts.len; i++) {
        service->open_cases += known->open.at[i];
        policy_set_account(service->policy, span_text(known->accounts.at[i]), known->open.at[i],
                           known->closed.at[i]);
    }
}

/* Those of another user are missed only where they are to be answered from. */
static bool has_cases(const struct policy_service *service)
{
    return service->settings.policy.case_action != NULL ? cases_exist(service->settings.state)
                                                        : cases_are_ours(service->settings.state);
}

static int read_cases(struct policy_service *service, struct strbuf *why)
{
    int64_t since = clock_now() - service->settings.past_s;
    struct known known = {0};
    struct cases *cases = NULL;
    int result = 0;
    if (has_cases(service)) {
        cases = cases_open_to_look(service->settings.state, why);
        result = cases != NULL ? cases_accounts(cases, since, take_account, &known, why) : -1;
        cases_close(cases);
    }
    if (result == 0)
        use(service, &known);
    texts_clear(&known.accounts);
    vec_clear(&known.open);
    vec_clear(&known.closed);
    return result;
}

static struct state_of_file look_at(const char *folder, const char *name)
{
    struct strbuf path = {0};
    struct stat st;
    struct state_of_file state = {0};
    strbuf_format(&path, "%s/%s", folder, name);
    if (stat(strbuf_text(&path), &st) == 0)
        state = (struct state_of_file){st.st_mtim, st.st_ino, st.st_size};
    strbuf_clear(&path);
    return state;
}

static bool is_same(const struct state_of_file *a, const struct state_of_file *b)
{
    return a->inode == b->inode && a->size == b->size && a->changed.tv_sec == b->changed.tv_sec &&
           a->changed.tv_nsec == b->changed.tv_nsec;
}

/* Is there something to read? */
static bool has_changed(struct policy_service *service)
{
    static const char *const names[2] = {"spamgear.db", "spamgear.db-journal"};
    for (int i = 0; i < 2; i++) {
        struct state_of_file now = look_at(service->settings.state, names[i]);
        if (!is_same(&now, &service->seen[i]))
            service->reads_left = READS;
        service->seen[i] = now;
    }
    return service->reads_left > 0;
}

static void refresh(struct policy_service *service)
{
    struct strbuf why = {0};
    if (!has_changed(service))
        return;
    if (read_cases(service, &why) == 0) {
        service->reads_left--;
        service->failures = 0;
    } else if (++service->failures == FAILURES_MAX) {
        use(service, &(struct known){0});
        say(service, "cases cannot be read, nobody has one until they can", strbuf_text(&why));
    }
    strbuf_clear(&why);
}

static void tick(void *state)
{
    struct policy_service *service = state;
    int64_t now = clock_now();
    if (service->settings.state != NULL)
        refresh(service);
    if (now - service->ticked >= TICK_S || now < service->ticked) {
        service->ticked = now;
        policy_tick(service->policy, now);
    }
}

/* ---- the service ---- */

static int listen_at(struct policy_service *service, const char *place, struct strbuf *why)
{
    const struct serve_settings settings = {.place = place,
                                            .mode = service->settings.mode,
                                            .group = service->settings.group,
                                            .state = service,
                                            .take = take};
    struct serve *serve = serve_open(service->loop, &settings, why);
    if (serve == NULL)
        return -1;
    *vec_add(&service->serves) = serve;
    return 0;
}

struct policy_service *policy_service_open(struct loop *loop,
                                           const struct policy_service_settings *settings,
                                           struct watch *const *watches, struct strbuf *why)
{
    struct policy_service *service = mem_zero(1, sizeof *service);
    service->settings = *settings;
    service->loop = loop;
    service->policy = policy_new(&settings->policy, watches);
    tick(service); /* whoever asks first is answered from the cases, too */
    loop_every(loop, settings->refresh_ms > 0 ? settings->refresh_ms : REFRESH_MS, tick, service);
    for (size_t i = 0; i < settings->places->len; i++)
        if (listen_at(service, settings->places->at[i], why) != 0) {
            policy_service_close(service);
            return NULL;
        }
    return service;
}

void policy_service_close(struct policy_service *service)
{
    if (service == NULL)
        return;
    for (size_t i = 0; i < service->serves.len; i++)
        serve_close(service->serves.at[i]);
    vec_clear(&service->serves);
    loop_forget(service->loop, service);
    policy_free(service->policy);
    strbuf_clear(&service->action);
    free(service);
}

struct policy *policy_service_policy(struct policy_service *service)
{
    return service->policy;
}

unsigned policy_service_clients(const struct policy_service *service)
{
    unsigned clients = 0;
    for (size_t i = 0; i < service->serves.len; i++)
        clients += serve_clients(service->serves.at[i]);
    return clients;
}

void policy_service_metrics(const struct policy_service *service, struct strbuf *out)
{
    struct policy_counts counts;
    policy_look(service->policy, &counts);
    const struct {
        const char *name, *help;
        enum metric_type type;
        uint64_t value;
    } families[] = {
        {"requests_total", "Requests of mail servers.", METRIC_COUNTER, counts.requests},
        {"dunno_total", "Requests answered DUNNO.", METRIC_COUNTER, counts.dunno},
        {"over_total", "Requests of senders over a limit.", METRIC_COUNTER, counts.over},
        {"in_case_total", "Requests of senders with an open case.", METRIC_COUNTER, counts.in_case},
        {"bad_total", "What was no request.", METRIC_COUNTER, counts.bad},
        {"senders", "Senders whose requests are counted.", METRIC_GAUGE, counts.senders},
        {"clients", "Connections of mail servers.", METRIC_GAUGE, policy_service_clients(service)},
        {"open_cases", "Accounts with an open case.", METRIC_GAUGE, service->open_cases},
        {"cases_unreadable", "1 when the cases could not be read the last time.", METRIC_GAUGE,
         service->failures > 0},
    };
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        struct strbuf name = {0};
        strbuf_format(&name, "spamgear_policy_%s", families[i].name);
        metrics_family(out, strbuf_text(&name), families[i].type, families[i].help);
        metrics_sample(out, strbuf_text(&name), NULL, (struct span){0}, (double)families[i].value);
        strbuf_clear(&name);
    }
}
