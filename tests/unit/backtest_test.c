/* backtest - sliding windows and nearest ranks against a model that adds up every window anew. */
#include "spamgear/check/backtest.h"

#include "check_logs.h"

#define SENDERS 6
#define EVENTS  400

struct model_event {
    int64_t time;
    uint64_t amount;
};

/* What one sender's lines added, in the order of the log. */
struct model {
    struct model_event events[EVENTS * 2];
    size_t len;
    uint64_t peak;
    int64_t peak_time, first_over;
    unsigned times_over;
};

/* A late line counts as of the newest second seen. */
static void model_add(struct model *model, int64_t time, uint64_t amount)
{
    if (amount == 0)
        return;
    if (model->len > 0 && time < model->events[model->len - 1].time)
        time = model->events[model->len - 1].time;
    model->events[model->len++] = (struct model_event){time, amount};
}

/* What lies in the window that ends at the time, of the first so many events. */
static uint64_t window_sum(const struct model *model, size_t len, int64_t end, int64_t period)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < len; i++)
        if (model->events[i].time > end - period && model->events[i].time <= end)
            sum += model->events[i].amount;
    return sum;
}

static void model_judge(struct model *model, int64_t period, uint64_t limit)
{
    bool over = false;
    model->first_over = STAMP_NONE;
    for (size_t i = 0; i < model->len; i++) {
        int64_t time = model->events[i].time;
        uint64_t sum = window_sum(model, i, time, period) + model->events[i].amount;
        if (sum > model->peak) {
            model->peak = sum;
            model->peak_time = time;
        }
        /* Over until the window of some second was below: the emptiest is the last one. */
        if (i > 0 && time > model->events[i - 1].time)
            over &= window_sum(model, i, time - 1, period) >= limit;
        if (sum < limit || over)
            continue;
        over = true;
        model->times_over++;
        if (model->first_over == STAMP_NONE)
            model->first_over = time;
    }
}

/* Bursts and pauses, now and then a line up to a minute late. Some lines join recipients. */
static void random_log(struct model models[SENDERS], unsigned seed, bool by_recipients)
{
    FILE *f = fopen("mail.log", "w");
    int64_t time = NOW - 86400 * 2;
    for (unsigned i = 0; i < EVENTS; i++) {
        char name[16];
        unsigned sender = (unsigned)rand_r(&seed) % SENDERS, more = (unsigned)rand_r(&seed) % 4;
        time += rand_r(&seed) % 20 == 0 ? 300 : rand_r(&seed) % 4;
        int64_t at = rand_r(&seed) % 10 == 0 ? time - rand_r(&seed) % 60 : time;
        snprintf(name, sizeof name, "s%u", sender);
        log_message(f, at, i, "a.example[192.0.2.1]", name);
        model_add(&models[sender], at, 1);
        if (more > 0)
            log_recipients(f, at + 1, i, more);
        if (more > 0 && by_recipients)
            model_add(&models[sender], at + 1, more - 1);
    }
    log_end(f, NOW);
}

static void compare_sender(const struct backtest_sender *got, const struct model *want)
{
    test_number("peak", (int64_t)got->peak, (int64_t)want->peak);
    test_number("when", got->peak_time, want->peak_time);
    test_number("first over", got->first_over, want->first_over);
    test_number("times over", got->times_over, want->times_over);
}

static int higher(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* The smallest peak such that at least that share of all peaks is not above it. */
static uint64_t nearest_rank(const uint64_t *peaks, size_t len, unsigned per_mille)
{
    for (size_t i = 0; i < len; i++)
        if ((i + 1) * 1000 >= len * per_mille)
            return peaks[i];
    return 0;
}

static void compare_percentiles(const struct backtest *backtest, uint64_t *peaks, size_t len)
{
    static const unsigned shares[BACKTEST_PERCENTILES] = {500, 950, 990, 999};
    qsort(peaks, len, sizeof *peaks, higher);
    for (int i = 0; i < BACKTEST_PERCENTILES; i++)
        test_number(backtest_percentile_names[i], (int64_t)backtest->percentiles[i],
                    (int64_t)nearest_rank(peaks, len, shares[i]));
}

static void test_model(unsigned seed, int64_t period, uint64_t limit, bool by_recipients)
{
    static struct model models[SENDERS];
    uint64_t peaks[SENDERS], over = 0;
    struct texts names = {0}, problems = {0};
    struct backtest backtest;
    memset(models, 0, sizeof models);
    random_log(models, seed, by_recipients);
    texts_add(&names, "mail.log");
    struct check check;
    check_init(&check, &names);
    check.limits.standard = limit;
    check.by_recipients = check.recipients = by_recipients;
    test_number("runs", backtest_run(&check, period, &backtest, &problems), 0);
    test_number("no problem", (int64_t)problems.len, 0);
    test_number("every sender", (int64_t)backtest.senders.len, SENDERS);
    for (size_t i = 0; i < backtest.senders.len; i++) {
        const struct backtest_sender *got = &backtest.senders.at[i];
        struct model *want = &models[(unsigned)(got->name.at[1] - '0') % SENDERS];
        model_judge(want, period, limit);
        compare_sender(got, want);
        peaks[i] = want->peak;
        over += want->times_over > 0;
        test_true("highest first", i == 0 || got[-1].peak >= got->peak);
    }
    test_number("over", (int64_t)backtest.over, (int64_t)over);
    compare_percentiles(&backtest, peaks, backtest.senders.len);
    backtest_clear(&backtest);
    texts_clear(&names);
    texts_clear(&problems);
}

/* 200 senders of 1, 2, ... 200 messages: the ranks are known without a model. */
static void test_percentiles(void)
{
    struct texts names = {0}, problems = {0};
    struct backtest backtest;
    FILE *f = fopen("mail.log", "w");
    unsigned id = 0;
    for (unsigned sender = 1; sender <= 200; sender++) {
        char name[16];
        snprintf(name, sizeof name, "s%u", sender);
        for (unsigned i = 0; i < sender; i++)
            log_message(f, NOW - 3600 + sender, id++, "a.example[192.0.2.1]", name);
    }
    log_recipients(f, NOW - 60, 0, 5);
    log_end(f, NOW);
    texts_add(&names, "mail.log");
    struct check check;
    check_init(&check, &names);
    check.recipients = true;
    check.limits.standard = 151;
    test_number("runs", backtest_run(&check, 3600, &backtest, &problems), 0);
    static const int64_t want[BACKTEST_PERCENTILES] = {100, 190, 198, 200};
    for (int i = 0; i < BACKTEST_PERCENTILES; i++)
        test_number(backtest_percentile_names[i], (int64_t)backtest.percentiles[i], want[i]);
    test_number("over", (int64_t)backtest.over, 50);
    test_number("first message", backtest.first, NOW - 3600 + 1);
    test_number("last message, not the last line", backtest.last, NOW - 3600 + 200);
    backtest_clear(&backtest);
    texts_clear(&names);
    texts_clear(&problems);
}

/* Yesterday's log behind today's: its messages are no burst of today's last second. */
static void test_joined(void)
{
    struct texts names = {0}, problems = {0};
    struct backtest backtest;
    FILE *f = fopen("mail.log", "w");
    unsigned id = 0;
    for (int day = 0; day < 2; day++)
        for (int hour = 20; hour > 0; hour--)
            log_message(f, NOW - day * 86400 - hour * 3600, id++, "a.example[192.0.2.1]", "ann");
    log_end(f, NOW);
    texts_add(&names, "mail.log");
    struct check check;
    check_init(&check, &names);
    backtest_run(&check, 7200, &backtest, &problems);
    test_number("one sender", (int64_t)backtest.senders.len, 1);
    test_number("two in two hours", (int64_t)backtest.senders.at[0].peak, 2);
    backtest_clear(&backtest);
    texts_clear(&names);
    texts_clear(&problems);
}

/* A second is in or out: exactly a period apart is two windows. */
static void test_edges(void)
{
    struct texts names = {0}, problems = {0};
    struct backtest backtest;
    FILE *f = fopen("mail.log", "w");
    log_message(f, NOW - 7200, 1, "a.example[192.0.2.1]", "ann");
    log_message(f, NOW - 7200, 2, "a.example[192.0.2.1]", "bob");
    log_message(f, NOW - 3601, 3, "a.example[192.0.2.1]", "ann");
    log_message(f, NOW - 3600, 4, "a.example[192.0.2.1]", "bob");
    log_end(f, NOW);
    texts_add(&names, "mail.log");
    struct check check;
    check_init(&check, &names);
    backtest_run(&check, 3600, &backtest, &problems);
    test_number("two senders", (int64_t)backtest.senders.len, 2);
    test_number("3599 s apart", (int64_t)backtest.senders.at[0].peak, 2);
    test_bytes("ann", backtest.senders.at[0].name.at, backtest.senders.at[0].name.len, "ann", 3);
    test_number("3600 s apart", (int64_t)backtest.senders.at[1].peak, 1);
    backtest_clear(&backtest);
    texts_clear(&names);
    texts_clear(&problems);
}

static void test_nothing(void)
{
    struct texts names = {0}, problems = {0};
    struct backtest backtest;
    texts_add(&names, "missing.log");
    struct check check;
    check_init(&check, &names);
    test_number("fails", backtest_run(&check, 3600, &backtest, &problems), -1);
    test_number("and says so", (int64_t)problems.len, 1);
    test_number("no senders", (int64_t)backtest.senders.len, 0);
    test_true("no times", backtest.first == STAMP_NONE && backtest.last == STAMP_NONE);
    test_number("no percentile", (int64_t)backtest.percentiles[3], 0);
    backtest_clear(&backtest);
    texts_clear(&names);
    texts_clear(&problems);
}

int main(void)
{
    char dir[] = "/tmp/backtest_test.XXXXXX";
    if (!logs_begin(dir))
        return 1;
    for (unsigned seed = 1; seed <= 10; seed++) {
        test_model(seed, 60, 4, seed % 2 == 0);
        test_model(seed, 600, 12, seed % 2 == 1);
        test_model(seed, 1, 1, false);
    }
    test_percentiles();
    test_joined();
    test_edges();
    test_nothing();
    unlink("mail.log");
    test_true("folder is empty", rmdir(dir) == 0);
    return test_end();
}
