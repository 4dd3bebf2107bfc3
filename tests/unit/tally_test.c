/* tally - each message once, recipients joined, clients distinct, memory bounded; and everything
 * at once against a model of plain arrays and linear searches. */
#include "spamgear/sender/tally.h"

#include "test.h"
#include <stdlib.h>
#include <sys/resource.h>

static struct event message(const char *queue_id, const char *sender)
{
    return (struct event){.kind = EVENT_ACCEPTED,
                          .sender_kind = SENDER_SASL,
                          .time = 1000,
                          .queue_id = span_text(queue_id),
                          .sender = span_text(sender),
                          .repeat = 1,
                          .line = SPAN("a line")};
}

static struct event joined(enum event_kind kind, const char *queue_id, unsigned recipients)
{
    return (struct event){
        .kind = kind, .queue_id = span_text(queue_id), .recipients = recipients, .repeat = 1};
}

static struct event from(struct event event, const char *client, size_t name_len, const char *addr)
{
    event.client = span_text(client);
    event.client_name = (struct span){client, name_len};
    event.client_addr = span_text(addr);
    return event;
}

static void add(struct tally *tally, struct event event)
{
    tally_add(tally, &event, "log", false);
}

static struct sender sender_of(const struct tally *tally, enum sender_kind kind, const char *name)
{
    struct sender sender = {0};
    uint32_t number = tally_find(tally, kind, span_text(name));
    test_true(name, number != UINT32_MAX);
    if (number != UINT32_MAX)
        tally_sender(tally, kind, number, &sender);
    return sender;
}

static void test_counts(const char *name, const struct tally *tally, const char *sender,
                        unsigned messages, unsigned recipients)
{
    struct sender s = sender_of(tally, SENDER_SASL, sender);
    test_number(name, (int64_t)s.messages, messages);
    test_number(name, (int64_t)s.recipients, recipients);
}

static const struct tally_settings plain = {.evidence = 1};

/* --- Messages --- */

static void test_once(void)
{
    struct tally *tally = tally_new(&plain);
    add(tally, message("AAAA", "ann"));
    add(tally, message("AAAA", "ann"));
    add(tally, message("AAAA", "bob")); /* another line of the same message */
    add(tally, message("AAA", "ann"));
    test_counts("by queue ID", tally, "ann", 2, 2);
    test_number("the second line gives no sender", tally_find(tally, SENDER_SASL, SPAN("bob")),
                UINT32_MAX);
    for (int i = 0; i < 3; i++)
        add(tally, message("", "eve"));
    test_counts("NOQUEUE counts each", tally, "eve", 3, 3);
    struct event folded = message("", "eve");
    folded.repeat = 4;
    folded.recipients = 2;
    add(tally, folded);
    test_counts("folded lines", tally, "eve", 7, 11);
    folded.queue_id = SPAN("BBBB");
    folded.sender = SPAN("dan");
    add(tally, folded);
    test_counts("folded lines of one message", tally, "dan", 1, 2);
    test_number("two kinds", tally_count(tally, SENDER_SASL), 3);
    struct event local = message("CCCC", "ann");
    local.sender_kind = SENDER_LOCAL;
    add(tally, local);
    test_counts("kinds share no name", tally, "ann", 2, 2);
    test_number("the other kind", (int64_t)sender_of(tally, SENDER_LOCAL, "ann").messages, 1);
    tally_free(tally);
    tally_free(NULL);
}

static void test_times(void)
{
    struct tally *tally = tally_new(&plain);
    static const int64_t times[] = {500, 300, 700, 600};
    for (int i = 0; i < 4; i++) {
        struct event event = message("", "ann");
        event.time = times[i];
        event.origin = i < 3 ? ORIGIN_TRUSTED : ORIGIN_PLAIN;
        add(tally, event);
    }
    struct sender ann = sender_of(tally, SENDER_SASL, "ann");
    test_number("first", ann.first, 300);
    test_number("last", ann.last, 700);
    test_number("vouched for", (int64_t)ann.trusted, 3);
    tally_free(tally);
}

/* --- Recipients --- */

static const struct {
    const char *name;
    unsigned said; /* by the message's own line */
    struct {
        enum event_kind kind;
        unsigned recipients;
    } later[4];
    unsigned want;
} joins[] = {
    {"provisional", 0, {{0}}, 1},
    {"its own line", 5, {{0}}, 5},
    {"its own line is believed", 5, {{EVENT_RECIPIENTS, 9}, {EVENT_DELIVERED, 9}}, 5},
    {"a total", 0, {{EVENT_RECIPIENTS, 7}}, 7},
    {"a total of one", 0, {{EVENT_RECIPIENTS, 1}}, 1},
    {"a retry says it again", 0, {{EVENT_RECIPIENTS, 7}, {EVENT_RECIPIENTS, 3}}, 7},
    {"one delivery", 0, {{EVENT_DELIVERED, 1}}, 1},
    {"deliveries add up", 0, {{EVENT_DELIVERED, 1}, {EVENT_DELIVERED, 1}, {EVENT_DELIVERED, 2}}, 4},
    {"nothing said", 0, {{EVENT_RECIPIENTS, 0}, {EVENT_RECIPIENTS, 2}}, 2},
};

static void test_joins(void)
{
    for (size_t i = 0; i < sizeof joins / sizeof *joins; i++) {
        struct tally *tally = tally_new(&plain);
        struct event first = message("AAAA", "ann");
        first.recipients = joins[i].said;
        add(tally, joined(EVENT_RECIPIENTS, "AAAA", 50)); /* before it: not known yet */
        add(tally, first);
        for (int n = 0; n < 4; n++)
            if (joins[i].later[n].kind != EVENT_ACCEPTED)
                add(tally, joined(joins[i].later[n].kind, "AAAA", joins[i].later[n].recipients));
        add(tally, joined(EVENT_RECIPIENTS, "BBBB", 50));
        add(tally, joined(EVENT_DELIVERED, "", 50));
        test_counts(joins[i].name, tally, "ann", 1, joins[i].want);
        test_number("no sender but hers", tally_count(tally, SENDER_SASL), 1);
        tally_free(tally);
    }
}

/* --- Memory of queue IDs --- */

static struct span number_id(unsigned i, char buf[16])
{
    return (struct span){buf, (size_t)snprintf(buf, 16, "%08X", i)};
}

static void add_numbered(struct tally *tally, unsigned from_number, unsigned to_number)
{
    char buf[16];
    for (unsigned i = from_number; i < to_number; i++) {
        struct event event = message("", "ann");
        event.queue_id = number_id(i, buf);
        add(tally, event);
    }
}

static int64_t most_memory_kb(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

/* The memory has 2048 sets of 8 places. That 9 of 500 fall into one set happens once in a hundred
 * million runs; of 2000, once in a few hundred. */
static void test_forgets(void)
{
    struct tally *tally = tally_new(&plain);
    add_numbered(tally, 0, 500);
    add_numbered(tally, 0, 500);
    test_counts("recent ones are remembered", tally, "ann", 500, 500);
    int64_t before = most_memory_kb();
    add_numbered(tally, 500, 300000);
    test_true("memory does not grow with the log", most_memory_kb() - before < 4096);
    add_numbered(tally, 299500, 300000);
    test_counts("the newest are remembered", tally, "ann", 300000, 300000);
    add_numbered(tally, 0, 500);
    test_true("the oldest are forgotten", sender_of(tally, SENDER_SASL, "ann").messages == 300500);
    tally_free(tally);
}

static void test_several_logs(void)
{
    struct tally_settings settings = {.evidence = 1, .several_logs = true};
    struct tally *tally = tally_new(&settings);
    int64_t before = most_memory_kb();
    add_numbered(tally, 0, 200000);
    add_numbered(tally, 0, 200000);
    test_counts("every message is remembered", tally, "ann", 200000, 200000);
    test_true("in little memory", most_memory_kb() - before < 40 * 1024);
    char buf[16];
    struct event event = joined(EVENT_RECIPIENTS, "", 3);
    event.queue_id = number_id(7, buf);
    add(tally, event);
    test_counts("with its sender", tally, "ann", 200000, 200002);
    tally_free(tally);
}

/* --- Failed log-ins --- */

static void test_failures(void)
{
    struct tally *tally = tally_new(&plain);
    struct event failed = {.kind = EVENT_FAILED, .sender_kind = SENDER_SASL, .repeat = 1};
    char name[16];
    for (unsigned i = 0; i < TALLY_FAILED_NAMES + 100; i++) {
        failed.sender = number_id(i, name);
        add(tally, failed);
    }
    test_number("so many names", tally_count(tally, SENDER_SASL), TALLY_FAILED_NAMES);
    test_number("all counted", (int64_t)tally_failed(tally), TALLY_FAILED_NAMES + 100);
    test_number("some without a name", (int64_t)tally_failed_unnamed(tally), 100);
    failed.sender = SPAN("00000001");
    failed.repeat = 5;
    failed.kind = EVENT_REJECTED;
    add(tally, failed);
    test_number("a known name", (int64_t)sender_of(tally, SENDER_SASL, "00000001").failed, 6);
    add(tally, message("", "late"));
    failed.sender = SPAN("late");
    add(tally, failed);
    struct sender late = sender_of(tally, SENDER_SASL, "late");
    test_number("who sends is known", (int64_t)late.failed, 5);
    test_number("failing sends nothing", (int64_t)late.messages, 1);
    test_number("nor does it elsewhere",
                (int64_t)sender_of(tally, SENDER_SASL, "00000001").messages, 0);
    test_number("none without a name", (int64_t)tally_failed_unnamed(tally), 100);
    tally_free(tally);
}

/* --- Clients --- */

static void list_client(void *state, const struct sender_client *client)
{
    char addr[46] = "-";
    if (client->has_addr)
        addr_format(&client->addr, addr);
    strbuf_format(state, "%.*s %s %u;", (int)client->name.len, client->name.at, addr,
                  (unsigned)client->messages);
}

static void test_clients_of(const char *sender, const struct tally *tally, const char *want)
{
    struct strbuf got = {0};
    tally_clients(tally, SENDER_SASL, tally_find(tally, SENDER_SASL, span_text(sender)),
                  list_client, &got);
    test_text(sender, strbuf_text(&got), want);
    strbuf_clear(&got);
}

static void test_clients(void)
{
    struct tally *tally = tally_new(&plain);
    struct event folded = from(message("", "ann"), "h.example[192.0.2.1]", 9, "192.0.2.1");
    add(tally, from(message("A1", "ann"), "h.example[192.0.2.1]", 9, "192.0.2.1"));
    add(tally, from(message("A2", "ann"), "unknown[192.0.2.2]", 7, "192.0.2.2"));
    add(tally, from(message("A3", "ann"), "", 0, "2001:DB8::1"));
    add(tally, from(message("A4", "ann"), "odd[no address]", 3, "no address"));
    folded.repeat = 3;
    add(tally, folded);
    add(tally, from(message("A1", "ann"), "late[192.0.2.9]", 4, "192.0.2.9"));
    add(tally, from(message("B1", "bob"), "h.example[192.0.2.1]", 9, "192.0.2.1"));
    add(tally, message("C1", "cat"));
    test_clients_of("ann", tally,
                    "odd - 1; 2001:db8::1 1;unknown 192.0.2.2 1;h.example 192.0.2.1 4;");
    test_clients_of("bob", tally, "h.example 192.0.2.1 1;");
    test_clients_of("cat", tally, "");
    struct event apart = message("D1", "dan");
    apart.client_name = SPAN("far.example");
    apart.client_addr = SPAN("192.0.2.1");
    add(tally, apart);
    apart.queue_id = SPAN("D2");
    apart.client_name = SPAN("other.example");
    add(tally, apart);
    test_clients_of("dan", tally, "other.example 192.0.2.1 1;far.example 192.0.2.1 1;");
    tally_free(tally);
}

/* --- Evidence --- */

static void list_evidence(const struct tally *tally, const char *sender, struct strbuf *out)
{
    struct sender s = sender_of(tally, SENDER_SASL, sender);
    for (const struct evidence *e = s.evidence; e != NULL; e = e->next)
        strbuf_format(out, "%s:%u@%u %.*s;", e->file, (unsigned)e->offset, (unsigned)e->time,
                      (int)e->line.len, e->line.at);
}

static void test_evidence(unsigned kept, const char *only, const char *want)
{
    struct tally_settings settings = {.evidence = kept, .only_name = only};
    struct tally *tally = tally_new(&settings);
    struct strbuf got = {0};
    char line[8];
    for (unsigned i = 0; i < 3; i++) {
        struct event event = message("", "ann");
        snprintf(line, sizeof line, "line %u", i);
        event.line = span_text(line); /* the tally must copy it */
        event.offset = i * 100;
        event.time = i;
        add(tally, event);
    }
    list_evidence(tally, "ann", &got);
    test_text("evidence", strbuf_text(&got), want);
    strbuf_clear(&got);
    tally_free(tally);
}

/* --- A model --- */

#define SENDERS 12
#define IDS     400
#define CLIENTS 25

struct model_sender {
    uint64_t messages, recipients, failed, clients[CLIENTS];
    bool seen;
};

struct model_message {
    bool known, settled, delivering;
    unsigned kind, sender;
};

struct model {
    struct model_sender senders[2][SENDERS];
    struct model_message ids[IDS];
    uint64_t told_messages[2][SENDERS], told_recipients[2][SENDERS];
    struct tally *tally;
};

static void be_told(void *state, enum sender_kind kind, uint32_t number, int64_t time,
                    uint64_t messages, uint64_t recipients)
{
    struct model *model = state;
    struct sender sender;
    unsigned long long index = SENDERS;
    tally_sender(model->tally, kind, number, &sender);
    span_number(span_skip(sender.name, 1), &index);
    test_true("a sender of ours", index < SENDERS && time >= 0);
    if (index < SENDERS) {
        model->told_messages[kind][index] += messages;
        model->told_recipients[kind][index] += recipients;
    }
}

static void model_accept(struct model *model, unsigned id, unsigned kind, unsigned sender,
                         unsigned client, unsigned recipients, unsigned repeat)
{
    struct model_sender *s = &model->senders[kind][sender];
    if (id < IDS && model->ids[id].known)
        return;
    if (id < IDS) {
        model->ids[id] = (struct model_message){true, recipients > 0, false, kind, sender};
        repeat = 1;
    }
    s->seen = true;
    s->messages += repeat;
    s->recipients += (uint64_t)repeat * (recipients > 0 ? recipients : 1);
    s->clients[client] += repeat;
}

/* Even IDs are told their total, odd ones delivery by delivery. */
static void model_join(struct model *model, unsigned id, unsigned recipients)
{
    struct model_message *m = &model->ids[id];
    if (!m->known || m->settled || recipients == 0)
        return;
    model->senders[m->kind][m->sender].recipients += recipients - (m->delivering ? 0 : 1);
    m->settled = id % 2 == 0;
    m->delivering = id % 2 == 1;
}

static void random_event(struct model *model, unsigned *seed)
{
    unsigned kind = (unsigned)rand_r(seed) % 2, sender = (unsigned)rand_r(seed) % SENDERS;
    unsigned id = (unsigned)rand_r(seed) % (IDS + 20), client = (unsigned)rand_r(seed) % CLIENTS;
    unsigned recipients = (unsigned)rand_r(seed) % 4, repeat = 1 + (unsigned)rand_r(seed) % 3;
    char id_text[16] = "", name[16], text[40], addr[16];
    if (id < IDS)
        snprintf(id_text, sizeof id_text, "%X", id);
    snprintf(name, sizeof name, "s%u", sender);
    snprintf(addr, sizeof addr, "192.0.2.%u", client);
    snprintf(text, sizeof text, "c%u[%s]", client, addr);
    struct event event = from(message(id_text, name), text, strcspn(text, "["), addr);
    event.sender_kind = (enum sender_kind)kind;
    event.recipients = recipients;
    event.repeat = repeat;
    switch (rand_r(seed) % 4) {
    case 0:
        event.kind = EVENT_FAILED;
        model->senders[kind][sender].failed += repeat;
        model->senders[kind][sender].seen = true;
        break;
    case 1:
        if (id >= IDS)
            return;
        event.kind = id % 2 == 0 ? EVENT_RECIPIENTS : EVENT_DELIVERED;
        model_join(model, id, recipients);
        break;
    default: model_accept(model, id, kind, sender, client, recipients, repeat);
    }
    add(model->tally, event);
}

static void count_client(void *state, const struct sender_client *client)
{
    uint64_t *left = state;
    unsigned n = client->addr.bytes[15];
    test_true("a client of ours", client->has_addr && n < CLIENTS && left[n] == client->messages);
    if (n < CLIENTS)
        left[n] = 0; /* each once */
}

static void compare_sender(const struct model *model, unsigned kind, unsigned i)
{
    const struct model_sender *want = &model->senders[kind][i];
    char name[16];
    uint64_t left[CLIENTS], rest = 0;
    snprintf(name, sizeof name, "s%u", i);
    uint32_t number = tally_find(model->tally, (enum sender_kind)kind, span_text(name));
    test_true("seen or not", want->seen == (number != UINT32_MAX));
    if (number == UINT32_MAX)
        return;
    struct sender got = sender_of(model->tally, (enum sender_kind)kind, name);
    test_number("messages", (int64_t)got.messages, (int64_t)want->messages);
    test_number("recipients", (int64_t)got.recipients, (int64_t)want->recipients);
    test_number("failed", (int64_t)got.failed, (int64_t)want->failed);
    test_number("told messages", (int64_t)model->told_messages[kind][i], (int64_t)want->messages);
    test_number("told recipients", (int64_t)model->told_recipients[kind][i],
                (int64_t)want->recipients);
    memcpy(left, want->clients, sizeof left);
    tally_clients(model->tally, (enum sender_kind)kind, number, count_client, left);
    for (int c = 0; c < CLIENTS; c++)
        rest += left[c];
    test_number("no client is missing", (int64_t)rest, 0);
}

static void test_model(unsigned seed, bool several)
{
    struct model model = {.tally = NULL};
    struct tally_settings settings = {
        .evidence = 2, .several_logs = several, .added = be_told, .added_state = &model};
    model.tally = tally_new(&settings);
    for (unsigned round = 0; round < 3000; round++)
        random_event(&model, &seed);
    for (unsigned kind = 0; kind < 2; kind++)
        for (unsigned i = 0; i < SENDERS; i++)
            compare_sender(&model, kind, i);
    tally_free(model.tally);
}

int main(void)
{
    test_forgets(); /* first, and the next: they look at the most memory ever used */
    test_several_logs();
    test_once();
    test_times();
    test_joins();
    test_failures();
    test_clients();
    test_evidence(0, NULL, "");
    test_evidence(1, NULL, "log:0@0 line 0;");
    test_evidence(2, NULL, "log:0@0 line 0;log:100@1 line 1;");
    test_evidence(9, "ann", "log:0@0 line 0;log:100@1 line 1;log:200@2 line 2;");
    test_evidence(9, "bob", "");
    for (unsigned seed = 1; seed <= 20; seed++)
        test_model(seed, seed % 2 == 0);
    return test_end();
}
