/* backtest - sliding windows for all senders in one pass.
 *
 * Each sender has a ring of (second, amount) that holds exactly the window's content. Lines
 * that are a little late count as of the newest second seen of their sender; where it goes
 * back by more than a period and the slack, the window begins anew.
 */
#include "spamgear/check/backtest.h"

#include "spamgear/base/clock.h"

const char *const backtest_percentile_names[BACKTEST_PERCENTILES] = {"50", "95", "99", "99.9"};
static const unsigned per_mille[BACKTEST_PERCENTILES] = {500, 950, 990, 999};

struct slot {
    int64_t time;
    uint64_t amount;
};

/* The window of one sender. */
struct slide {
    struct slot *slots; /* a ring; cap is a power of two */
    uint32_t cap, head, len;
    uint64_t sum, peak, limit;
    int64_t peak_time, first_over;
    unsigned times_over;
    bool over;
};

struct slides {
    VEC(struct slide) at; /* by number within the kind */
};

struct run {
    const struct check *check;
    int64_t period_s, now;
    int64_t far_back_s; /* so much before the newest second is no late line any more */
    struct slides kinds[SENDER_KINDS];
    struct backtest *backtest;
};

static struct slide *slide_of(struct run *run, enum sender_kind kind, uint32_t number)
{
    struct slides *slides = &run->kinds[kind];
    while (slides->at.len <= number) {
        struct sender sender;
        struct slide *slide = vec_add(&slides->at);
        *slide = (struct slide){.first_over = STAMP_NONE};
        tally_sender(run->backtest->tally, kind, (uint32_t)slides->at.len - 1, &sender);
        slide->limit = limit_of(&run->check->limits, sender.name, run->now, NULL);
    }
    return &slides->at.at[number];
}

static struct slot *newest_slot(struct slide *slide)
{
    return slide->len == 0 ? NULL
                           : &slide->slots[(slide->head + slide->len - 1) & (slide->cap - 1)];
}

static void add_slot(struct slide *slide, int64_t time, uint64_t amount)
{
    if (slide->len == slide->cap) {
        uint32_t cap = slide->cap == 0 ? 4 : slide->cap * 2;
        struct slot *slots = mem_alloc(cap * sizeof *slots);
        for (uint32_t i = 0; i < slide->len; i++)
            slots[i] = slide->slots[(slide->head + i) & (slide->cap - 1)];
        free(slide->slots);
        slide->slots = slots;
        slide->cap = cap;
        slide->head = 0;
    }
    slide->len++;
    *newest_slot(slide) = (struct slot){time, amount};
}

static void drop_old(struct slide *slide, int64_t start)
{
    while (slide->len > 0 && slide->slots[slide->head].time < start) {
        slide->sum -= slide->slots[slide->head].amount;
        slide->head = (slide->head + 1) & (slide->cap - 1);
        slide->len--;
    }
}

/* Lines that are further back than disorder explains: files were joined out of order, or a clock
 * was set. Counted as of the newest second, they would pile up there to a burst that never was. */
static void start_anew(struct slide *slide)
{
    slide->len = 0;
    slide->sum = 0;
    slide->over = false;
}

static void slide_add(struct slide *slide, int64_t time, uint64_t amount, int64_t period_s,
                      int64_t far_back_s)
{
    struct slot *newest = newest_slot(slide);
    if (newest != NULL && time < newest->time - far_back_s) {
        start_anew(slide);
        newest = NULL;
    }
    if (newest != NULL && time <= newest->time) {
        newest->amount += amount;
        time = newest->time;
    } else {
        /* Over without a break as long as no second's window lies below the limit; the emptiest
         * one since the last message is that of the second before this one. */
        drop_old(slide, time - period_s);
        if (slide->sum < slide->limit)
            slide->over = false;
        drop_old(slide, time - period_s + 1);
        add_slot(slide, time, amount);
    }
    slide->sum += amount;
    if (slide->sum > slide->peak) {
        slide->peak = slide->sum;
        slide->peak_time = time;
    }
    if (slide->sum >= slide->limit && !slide->over) {
        slide->over = true;
        slide->times_over++;
        slide->first_over = slide->first_over == STAMP_NONE ? time : slide->first_over;
    }
}

static void added(void *state, enum sender_kind kind, uint32_t number, int64_t time,
                  uint64_t messages, uint64_t recipients)
{
    struct run *run = state;
    struct backtest *backtest = run->backtest;
    uint64_t amount = run->check->by_recipients ? recipients : messages;
    if (messages > 0 && (backtest->first == STAMP_NONE || time < backtest->first))
        backtest->first = time;
    if (messages > 0 && (backtest->last == STAMP_NONE || time > backtest->last))
        backtest->last = time;
    if (amount > 0)
        slide_add(slide_of(run, kind, number), time, amount, run->period_s, run->far_back_s);
}

static void add_event(void *state, const struct event *event, const struct source *source)
{
    struct run *run = state;
    tally_add(run->backtest->tally, event, source->name, true);
}

/* --- The result --- */

static int by_peak(const void *a, const void *b)
{
    const struct backtest_sender *x = a, *y = b;
    if (x->peak != y->peak)
        return x->peak < y->peak ? 1 : -1;
    return span_order(x->name, y->name);
}

static void collect_kind(struct run *run, enum sender_kind kind)
{
    struct backtest *backtest = run->backtest;
    for (uint32_t i = 0; i < run->kinds[kind].at.len; i++) {
        const struct slide *slide = &run->kinds[kind].at.at[i];
        struct sender sender;
        if (slide->peak == 0)
            continue;
        tally_sender(backtest->tally, kind, i, &sender);
        *vec_add(&backtest->senders) = (struct backtest_sender){kind,
                                                                sender.name,
                                                                slide->peak,
                                                                slide->limit,
                                                                slide->peak_time,
                                                                slide->first_over,
                                                                slide->times_over};
        backtest->over += slide->times_over > 0;
    }
}

/* Nearest rank: the smallest peak that at least that share of all senders stays within. */
static void find_percentiles(struct backtest *backtest)
{
    size_t len = backtest->senders.len;
    for (int i = 0; i < BACKTEST_PERCENTILES && len > 0; i++) {
        size_t rank = (len * per_mille[i] + 999) / 1000;
        backtest->percentiles[i] = backtest->senders.at[len - rank].peak;
    }
}

static void free_slides(struct run *run)
{
    for (int kind = 0; kind < SENDER_KINDS; kind++) {
        for (size_t i = 0; i < run->kinds[kind].at.len; i++)
            free(run->kinds[kind].at.at[i].slots);
        vec_clear(&run->kinds[kind].at);
    }
}

int backtest_run(const struct check *check, int64_t period_s, struct backtest *backtest,
                 struct texts *problems)
{
    struct run run = {
        .check = check, .period_s = period_s, .now = clock_now(), .backtest = backtest};
    run.far_back_s = period_s > check->window.slack_s ? period_s : check->window.slack_s;
    struct harvest_sink sink = {&run, add_event};
    struct logs logs;
    int result = logs_open(&logs, &check->logs, problems);
    struct tally_settings settings = {
        .several_logs = logs.sources.len > 1, .added = added, .added_state = &run};
    *backtest = (struct backtest){.first = STAMP_NONE, .last = STAMP_NONE};
    backtest->tally = tally_new(&settings);
    check_harvest(check, &sink, &logs, &backtest->counts, &backtest->files, problems);
    logs_close(&logs);
    for (int kind = 0; kind < SENDER_KINDS; kind++)
        collect_kind(&run, (enum sender_kind)kind);
    if (backtest->senders.len > 1)
        qsort(backtest->senders.at, backtest->senders.len, sizeof *backtest->senders.at, by_peak);
    find_percentiles(backtest);
    free_slides(&run);
    return result;
}

void backtest_clear(struct backtest *backtest)
{
    vec_clear(&backtest->senders);
    texts_clear(&backtest->files);
    tally_free(backtest->tally);
    backtest->tally = NULL;
}
