/* networks - distinct addresses whatever their spelling, networks and unknowns without the
 * house's own, and "could not tell" apart from "has no name". */
#include "spamgear/check/networks.h"

#include "dns_server.h"
#include "test.h"
#include <stdlib.h>

struct client {
    const char *name, *addr; /* written "name[addr]" in the log */
    unsigned messages;
};

static void add_client(struct tally *tally, enum sender_kind kind, const char *sender,
                       const struct client *client)
{
    char text[200];
    snprintf(text, sizeof text, "%s[%s]", client->name, client->addr);
    struct event event = {.kind = EVENT_ACCEPTED,
                          .sender_kind = kind,
                          .sender = span_text(sender),
                          .client = span_text(text),
                          .client_name = {text, strlen(client->name)},
                          .client_addr = span_text(client->addr),
                          .repeat = client->messages,
                          .line = SPAN("a line")};
    tally_add(tally, &event, "log", false);
}

static void add_prefix(struct prefix *prefix, const char *text)
{
    test_true(text, prefix_parse(span_text(text), prefix));
}

static void init_check(struct check *check, const char *resolvers)
{
    *check = (struct check){.networks = {NETWORK_PREFIX, 24, 48, NULL},
                            .resolve = resolvers != NULL,
                            .resolvers = resolvers,
                            .resolve_ms = 500};
    add_prefix(vec_add(&check->webmail), "198.51.100.7");
    add_prefix(vec_add(&check->allowed), "2001:db8:aaaa::/48");
}

/* "ADDRESSES/NETWORKS/UNKNOWN/UNRESOLVED/WEBMAIL: NETWORK MESSAGES ADDRESSES; ..." of a sender
 * with these clients. */
static void judge(const struct check *check, enum sender_kind kind, const struct client *clients,
                  struct strbuf *got, struct report *report)
{
    struct tally_settings settings = {.evidence = 0};
    struct tally *tally = tally_new(&settings);
    struct texts problems = {0};
    *report = (struct report){.applet = "x"};
    for (; clients->addr != NULL; clients++)
        add_client(tally, kind, "ann", clients);
    add_client(tally, kind, "bob", &(struct client){"bob.example", "203.0.113.250", 1});
    struct report_sender *row = vec_add(&report->senders);
    *row = (struct report_sender){0};
    tally_sender(tally, kind, tally_find(tally, kind, SPAN("ann")), &row->sender);
    check_networks(check, tally, report, &problems);
    strbuf_format(got, "%u/%u/%u/%u/%u:", row->addresses, row->networks, row->unknown,
                  row->unresolved, (unsigned)row->webmail);
    for (size_t i = 0; i < row->top.len; i++)
        strbuf_format(got, " %s %u %u;", row->top.at[i].name, (unsigned)row->top.at[i].messages,
                      row->top.at[i].addresses);
    test_number("no problem", (int64_t)problems.len, 0);
    texts_clear(&problems);
    tally_free(tally);
}

#define CLIENTS_MAX 9

static const struct {
    const char *name;
    struct client clients[CLIENTS_MAX];
    const char *want;
} cases[] = {
    {"one", {{"h.example", "192.0.2.1", 3}}, "1/1/0/0/0: 192.0.2.0/24 3 1;"},
    {"one without a name", {{"unknown", "192.0.2.1", 3}}, "1/1/1/0/0: 192.0.2.0/24 3 1;"},
    {"with an empty name", {{"", "192.0.2.1", 3}}, "1/1/1/0/0: 192.0.2.0/24 3 1;"},
    {"one in several spellings",
     {{"h.example", "192.0.2.1", 1},
      {"h.example", "::ffff:192.0.2.1", 1},
      {"h.example", "::FFFF:c000:0201", 1},
      {"h.example", "IPv6:::ffff:192.0.2.1", 1}},
     "1/1/0/0/0: 192.0.2.0/24 4 1;"},
    {"v6 in several spellings",
     {{"h.example", "2001:db8::1", 1},
      {"h.example", "2001:DB8::1", 1},
      {"h.example", "2001:0db8:0:0:0:0:0:0001", 1},
      {"h.example", "2001:db8::2", 1}},
     "2/1/0/0/0: 2001:db8::/48 4 2;"},
    {"a name now and then",
     {{"unknown", "192.0.2.1", 5}, {"h.example", "192.0.2.1", 1}, {"unknown", "192.0.2.2", 1}},
     "2/1/1/0/0: 192.0.2.0/24 7 2;"},
    {"no address at all", {{"h.example", "nonsense", 2}}, "0/0/0/0/0:"},
    {"webmail is left out",
     {{"unknown", "198.51.100.7", 50}, {"h.example", "198.51.100.8", 1}},
     "2/1/0/0/50: 198.51.100.0/24 1 1;"},
    {"webmail by its v6 spelling", {{"unknown", "::ffff:198.51.100.7", 50}}, "1/0/0/0/50:"},
    {"allowed is left out, and is no webmail",
     {{"unknown", "2001:db8:aaaa:5::1", 9}, {"unknown", "2001:db8:aaab::1", 1}},
     "2/1/1/0/0: 2001:db8:aaab::/48 1 1;"},
    {"five networks at most are named, most messages first",
     {{"a", "192.0.1.1", 1},
      {"a", "192.0.2.1", 5},
      {"a", "192.0.3.1", 2},
      {"a", "192.0.4.1", 9},
      {"a", "192.0.5.1", 1},
      {"a", "192.0.6.1", 3},
      {"a", "192.0.2.2", 5}},
     "7/6/0/0/0: 192.0.2.0/24 10 2; 192.0.4.0/24 9 1; 192.0.6.0/24 3 1; 192.0.3.0/24 2 1; "
     "192.0.1.0/24 1 1;"},
};

static void test_cases(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct check check;
        struct report report;
        struct strbuf got = {0};
        init_check(&check, NULL);
        judge(&check, SENDER_SASL, cases[i].clients, &got, &report);
        test_text(cases[i].name, strbuf_text(&got), cases[i].want);
        test_true("has clients", report.senders.at[0].has_clients);
        test_text("said", strbuf_text(&report.networks), "networks by /24 and /48");
        report_clear(&report);
        strbuf_clear(&got);
        check_clear(&check);
    }
}

/* What a fleet unites. */
static void test_names(void)
{
    static const struct client clients[] = {{"unknown", "192.0.2.1", 3},
                                            {"unknown", "192.0.2.2", 1},
                                            {"h.example", "198.51.100.8", 1},
                                            {NULL, NULL, 0}};
    struct check check;
    struct report report;
    struct strbuf got = {0};
    init_check(&check, NULL);
    check.name_networks = true;
    judge(&check, SENDER_SASL, clients, &got, &report);
    const struct report_sender *row = &report.senders.at[0];
    test_number("a name a network", (int64_t)row->network_names.len, row->networks);
    test_number("an address a nameless one", (int64_t)row->nameless.len, 2);
    strbuf_reset(&got);
    for (size_t i = 0; i < row->network_names.len; i++)
        strbuf_format(&got, "%s ", row->network_names.at[i]);
    for (size_t i = 0; i < row->nameless.len; i++)
        strbuf_format(&got, "%s ", row->nameless.at[i]);
    test_text("named", strbuf_text(&got), "192.0.2.0/24 198.51.100.0/24 192.0.2.1 192.0.2.2 ");
    report_clear(&report);
    strbuf_clear(&got);
    check_clear(&check);
}

/* Senders that have no clients need no libraries, no DNS and no words about networks. */
static void test_no_clients(void)
{
    static const struct client clients[] = {{"unknown", "192.0.2.1", 3}, {NULL, NULL, 0}};
    struct check check;
    struct report report;
    struct strbuf got = {0};
    init_check(&check, "127.0.0.1:1");
    judge(&check, SENDER_LOCAL, clients, &got, &report);
    test_text("nothing", strbuf_text(&got), "0/0/0/0/0:");
    test_true("no clients", !report.senders.at[0].has_clients);
    test_text("not a word", strbuf_text(&report.networks), "");
    test_number("no note", (int64_t)report.notes.len, 0);
    report_clear(&report);
    strbuf_clear(&got);
    check_clear(&check);
}

/* What cannot be opened is told, and prefixes do. */
static void test_fallback(void)
{
    struct tally_settings settings = {.evidence = 0};
    struct tally *tally = tally_new(&settings);
    struct texts problems = {0};
    struct report report = {.applet = "x"};
    struct check check;
    init_check(&check, NULL);
    check.networks = (struct network_settings){NETWORK_ASN, 16, 32, "/no/such.mmdb"};
    add_client(tally, SENDER_SASL, "ann", &(struct client){"h.example", "192.0.2.1", 3});
    struct report_sender *row = vec_add(&report.senders);
    *row = (struct report_sender){0};
    tally_sender(tally, SENDER_SASL, 0, &row->sender);
    check_networks(&check, tally, &report, &problems);
    test_number("told", (int64_t)problems.len, 1);
    test_number("still counted", row->networks, 1);
    test_text("by prefix", row->top.len == 1 ? row->top.at[0].name : "", "192.0.0.0/16");
    test_text("said", strbuf_text(&report.networks), "networks by /16 and /32");
    report_clear(&report);
    texts_clear(&problems);
    tally_free(tally);
    check_clear(&check);
}

#ifdef HAVE_CARES
/* The last byte decides what the name server says; names that the log has are not asked for. */
static void test_dns(struct server *server)
{
    static const struct client clients[] = {
        {"", "192.0.2.50", 1},          {"", "::ffff:192.0.2.50", 1},
        {"", "192.0.3.1", 1},           {"", "192.0.4.3", 1},
        {"", "192.0.5.2", 1},           {"known.example", "192.0.6.1", 1},
        {"unknown", "198.51.100.7", 4}, {NULL, NULL, 0}};
    struct check check;
    struct report report;
    struct strbuf got = {0};
    init_check(&check, server->name);
    judge(&check, SENDER_WEBMAIL, clients, &got, &report);
    test_true("NXDOMAIN alone is unknown, silence and failure are unresolved",
              strncmp(strbuf_text(&got), "6/5/1/2/4:", 10) == 0);
    test_number("no note", (int64_t)report.notes.len, 0);
    report_clear(&report);
    strbuf_clear(&got);
    check_clear(&check);
}

/* The house's own addresses, and those that the log names, are nobody's business. */
static void test_dns_not_asked(struct server *server)
{
    static const struct client clients[] = {{"known.example", "192.0.6.1", 1},
                                            {"unknown", "198.51.100.7", 4},
                                            {"unknown", "2001:db8:aaaa::1", 1},
                                            {NULL, NULL, 0}};
    struct check check;
    struct report report;
    struct strbuf got = {0};
    init_check(&check, server->name);
    unsigned before = server->asked;
    judge(&check, SENDER_WEBMAIL, clients, &got, &report);
    test_text("nothing unknown", strbuf_text(&got), "3/1/0/0/4: 192.0.6.0/24 1 1;");
    test_number("nothing asked", server->asked, before);
    report_clear(&report);
    strbuf_clear(&got);
    check_clear(&check);
}

static void test_dns_unreachable(void)
{
    static const struct client clients[] = {{"", "192.0.2.50", 1}, {NULL, NULL, 0}};
    struct check check;
    struct report report;
    struct strbuf got = {0};
    init_check(&check, "127.0.0.1:1");
    judge(&check, SENDER_WEBMAIL, clients, &got, &report);
    test_text("could not tell", strbuf_text(&got), "1/1/0/1/0: 192.0.2.0/24 1 1;");
    test_number("a note, no problem", (int64_t)report.notes.len, 1);
    report_clear(&report);
    strbuf_clear(&got);
    check_clear(&check);
}
#endif

#if defined(HAVE_CARES) && defined(HAVE_PSL)
/* Two addresses far apart are one network where DNS gives them one domain. */
static void test_domains(struct server *server)
{
    static const struct client clients[] = {{"", "192.0.2.50", 1},
                                            {"", "203.0.113.51", 2},
                                            {"x.Isp-a.example", "192.0.9.1", 3},
                                            {NULL, NULL, 0}};
    struct check check;
    struct report report;
    struct strbuf got = {0};
    init_check(&check, server->name);
    check.networks.by = NETWORK_DOMAIN;
    judge(&check, SENDER_WEBMAIL, clients, &got, &report);
    test_text("by domain", strbuf_text(&got), "3/1/0/0/0: isp-a.example 6 3;");
    report_clear(&report);
    strbuf_clear(&got);
    check_clear(&check);
}
#endif

int main(void)
{
    test_cases();
    test_names();
    test_no_clients();
    test_fallback();
#ifdef HAVE_CARES
    struct server server = {.fd = -1};
    server_start(&server);
    test_dns(&server);
    test_dns_not_asked(&server);
#ifdef HAVE_PSL
    test_domains(&server);
#endif
    server_stop(&server);
    test_dns_unreachable();
#endif
    return test_end();
}
