/* networks - addresses of the reported senders, made distinct, named and counted. */
#include "spamgear/check/networks.h"

#include "spamgear/base/map.h"
#include "spamgear/net/dns.h"

#define TOP_NETWORKS 5

/* One distinct address of one sender. */
struct address {
    struct addr addr;
    struct span name; /* borrowed from tally or DNS round */
    uint64_t messages;
};

struct addresses {
    struct address *at;
    size_t len, cap;
};

struct naming {
    const struct check *check;
    struct network_namer *namer;
    struct dns_round round; /* used when check->resolve is set */
};

/* --- Distinct addresses --- */

static void collect(void *state, const struct sender_client *client)
{
    struct addresses *list = state;
    if (client->has_addr)
        *vec_add(list) = (struct address){client->addr, client->name, client->messages};
}

static int by_address(const void *a, const void *b)
{
    const struct address *x = a, *y = b;
    return memcmp(x->addr.bytes, y->addr.bytes, sizeof x->addr.bytes);
}

static bool is_named(struct span name)
{
    return name.len > 0 && !span_is(name, SPAN("unknown"));
}

/* The same address under several client texts becomes one, with a name if any had one. */
static void merge(struct addresses *list)
{
    size_t kept = 0;
    if (list->len > 1)
        qsort(list->at, list->len, sizeof *list->at, by_address);
    for (size_t i = 0; i < list->len; i++) {
        struct address *last = kept > 0 ? &list->at[kept - 1] : NULL;
        if (last == NULL || by_address(last, &list->at[i]) != 0) {
            list->at[kept++] = list->at[i];
            continue;
        }
        last->messages += list->at[i].messages;
        if (!is_named(last->name))
            last->name = list->at[i].name;
    }
    list->len = kept;
}

static void addresses_of(const struct tally *tally, const struct report_sender *row,
                         struct addresses *list)
{
    uint32_t number = tally_find(tally, row->sender.kind, row->sender.name);
    list->len = 0;
    tally_clients(tally, row->sender.kind, number, collect, list);
    merge(list);
}

/* --- Naming and counting --- */

static bool is_webmail(const struct check *check, const struct addr *addr)
{
    return prefixes_hold(check->webmail.at, check->webmail.len, addr);
}

/* Addresses that belong to the house say nothing about a botnet. */
static bool is_ours(const struct check *check, const struct addr *addr)
{
    return is_webmail(check, addr) || prefixes_hold(check->allowed.at, check->allowed.len, addr);
}

/* The name of an address, and whether it is unknown or could not be told. */
static struct span name_of(struct naming *naming, const struct address *address,
                           struct report_sender *row)
{
    if (!naming->check->resolve || is_named(address->name)) {
        row->unknown += !is_named(address->name);
        return address->name;
    }
    const struct dns_question *question =
        &naming->round.questions.at[dns_round_add(&naming->round, &address->addr)];
    row->unknown += question->result == DNS_NO_NAME;
    row->unresolved += question->result == DNS_NO_ANSWER;
    return question->result == DNS_NAME ? span_text(question->name) : (struct span){0};
}

static int by_messages(const void *a, const void *b)
{
    const struct report_network *x = a, *y = b;
    if (x->messages != y->messages)
        return x->messages < y->messages ? 1 : -1;
    return strcmp(x->name, y->name);
}

struct network_sum {
    uint64_t messages;
    unsigned addresses;
};

/* Keeps the networks with most messages. */
static void keep_top(struct report_sender *row, const struct map *names,
                     const struct network_sum *sums)
{
    for (uint32_t i = 0; i < names->len; i++) {
        struct span name = map_key(names, i);
        *vec_add(&row->top) = (struct report_network){mem_text_of(name.at, name.len),
                                                      sums[i].messages, sums[i].addresses};
    }
    if (row->top.len > 1)
        qsort(row->top.at, row->top.len, sizeof *row->top.at, by_messages);
    while (row->top.len > TOP_NETWORKS)
        free(row->top.at[--row->top.len].name);
}

static void name_networks(struct report_sender *row, const struct map *names)
{
    for (uint32_t i = 0; i < names->len; i++) {
        struct span name = map_key(names, i);
        texts_format(&row->network_names, "%.*s", (int)name.len, name.at);
    }
}

/* The name of its network; it is noted when the address has none itself. */
static void name_one(struct naming *naming, const struct address *address,
                     struct report_sender *row, struct strbuf *network)
{
    char text[46];
    unsigned unknown = row->unknown;
    struct span name = name_of(naming, address, row);
    network_name(naming->namer, &address->addr, name, network);
    if (!naming->check->name_networks || row->unknown == unknown)
        return;
    addr_format(&address->addr, text);
    texts_add(&row->nameless, text);
}

static void count_networks(struct naming *naming, const struct addresses *list,
                           struct report_sender *row)
{
    struct map names = {0};
    struct strbuf network = {0};
    VEC(struct network_sum) sums = {0};
    for (size_t i = 0; i < list->len; i++) {
        const struct address *address = &list->at[i];
        bool added;
        if (is_webmail(naming->check, &address->addr))
            row->webmail += address->messages;
        if (is_ours(naming->check, &address->addr))
            continue;
        name_one(naming, address, row, &network);
        uint32_t number = map_put(&names, strbuf_span(&network), &added);
        if (added)
            *vec_add(&sums) = (struct network_sum){0};
        sums.at[number].messages += address->messages;
        sums.at[number].addresses++;
    }
    row->addresses = (unsigned)list->len;
    row->networks = (unsigned)names.len;
    keep_top(row, &names, sums.at);
    if (naming->check->name_networks)
        name_networks(row, &names);
    vec_clear(&sums);
    strbuf_clear(&network);
    map_clear(&names);
}

/* --- The whole report --- */

static bool has_clients(enum sender_kind kind)
{
    return kind == SENDER_SASL || kind == SENDER_WEBMAIL || kind == SENDER_HOST;
}

static void ask_names(struct naming *naming, const struct tally *tally, struct report *report)
{
    struct addresses list = {0};
    struct strbuf why = {0};
    for (size_t i = 0; i < report->senders.len; i++) {
        addresses_of(tally, &report->senders.at[i], &list);
        for (size_t n = 0; n < list.len; n++)
            if (!is_named(list.at[n].name) && !is_ours(naming->check, &list.at[n].addr))
                dns_round_add(&naming->round, &list.at[n].addr);
    }
    bool ask = naming->round.questions.len > 0 && naming->check->resolve_ms > 0;
    if (ask && dns_round_run(&naming->round, naming->check->resolvers, naming->check->resolve_ms,
                             &why) != 0)
        texts_add(&report->notes, strbuf_text(&why));
    strbuf_clear(&why);
    vec_clear(&list);
}

static bool any_clients(const struct report *report)
{
    for (size_t i = 0; i < report->senders.len; i++)
        if (has_clients(report->senders.at[i].sender.kind))
            return true;
    return false;
}

/* By what the settings ask for; when that cannot be had, by prefix, and it is told. */
static struct network_namer *open_namer(const struct check *check, struct texts *problems)
{
    struct network_settings settings = check->networks;
    struct strbuf why = {0};
    struct network_namer *namer = network_open(&settings, &why);
    if (namer == NULL) {
        texts_add(problems, strbuf_text(&why));
        settings.by = NETWORK_PREFIX;
        namer = network_open(&settings, &why);
    }
    strbuf_clear(&why);
    return namer;
}

void check_networks(const struct check *check, const struct tally *tally, struct report *report,
                    struct texts *problems)
{
    struct naming naming = {.check = check};
    struct addresses list = {0};
    if (!any_clients(report))
        return;
    naming.namer = open_namer(check, problems);
    network_describe(naming.namer, &report->networks);
    if (check->resolve)
        ask_names(&naming, tally, report);
    for (size_t i = 0; i < report->senders.len; i++) {
        struct report_sender *row = &report->senders.at[i];
        row->has_clients = has_clients(row->sender.kind);
        addresses_of(tally, row, &list);
        count_networks(&naming, &list, row);
    }
    vec_clear(&list);
    dns_round_clear(&naming.round);
    network_close(naming.namer);
}
