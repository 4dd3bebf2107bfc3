/* dnsbl - names, zone files, and how listings are counted. What is asked and believed is tested
 * with real lists (tests/servers/dnsbl_test.sh). */
#include "spamgear/net/dnsbl.h"

#include "test.h"

static void test_names(void)
{
    static const struct {
        const char *name;
        bool fine;
    } names[] = {{"zen.spamhaus.org", true},
                 {"a.", true},
                 {"A-b_c.2", true},
                 {"", false},
                 {".", false},
                 {".a", false},
                 {"a..b", false},
                 {"a..", false},
                 {"a b", false},
                 {"a|b", false},
                 {"a/24", false},
                 {"\xc3\xa9.test", false},
                 {"a\nb", false},
                 {"-rf", true},
                 {"1.2.3", true}};
    char label[80], name[260];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        test_number(names[i].name, dnsbl_is_name(span_text(names[i].name)), names[i].fine);
    memset(label, 'x', sizeof label);
    test_true("63 bytes", dnsbl_is_name((struct span){label, 63}));
    test_true("64 bytes", !dnsbl_is_name((struct span){label, 64}));
    memset(name, 'x', sizeof name);
    for (size_t i = 50; i < sizeof name; i += 50)
        name[i] = '.';
    test_true("189 bytes", dnsbl_is_name((struct span){name, 189}));
    test_true("190 bytes", !dnsbl_is_name((struct span){name, 190}));
}

static void test_file(void)
{
    struct dnsbl_zones zones = {0};
    struct strbuf why = {0};
    test_number(
        "reads",
        dnsbl_read_text(&zones, "z",
                        SPAN("# comment\n\n"
                             "zone One.test. ip4,domain group=g test=T.example a note of words\n"
                             "  code 127.0.0.4/30 as=Two.test listed there\n"
                             "\tbit 8 refused\n"
                             "zone two.test ip6 untested doubtful\n"
                             "dead three.test since 2019\r\n"),
                        &why),
        0);
    test_number("three zones", (int64_t)zones.zones.len, 3);
    const struct dnsbl_zone *one = dnsbl_zone_get(&zones, SPAN("ONE.test")), *two = one + 1;
    test_true("names have no case", one == &zones.zones.at[0]);
    test_text("name", one->name, "one.test");
    test_number("kinds", one->kinds, DNSBL_IP4 | DNSBL_DOMAIN);
    test_text("group", one->group, "g");
    test_text("test", one->test, "t.example");
    test_text("note", one->note, "a note of words");
    test_text("alias", one->codes.at[0].alias, "two.test");
    test_text("meaning", one->codes.at[0].meaning, "listed there");
    test_number("network of answers", one->codes.at[0].answer.bits, 126);
    test_number("bit", one->codes.at[1].bit, 8);
    test_number("sense", one->codes.at[1].sense, DNSBL_MEANS_REFUSED);
    test_true("untested",
              !two->has_test && two->doubtful && two->group == NULL && two->note == NULL);
    test_true("dead", two[1].dead);
    test_text("note of the dead", two[1].note, "since 2019");
    test_number("a name again", dnsbl_read_text(&zones, "z", SPAN("zone TWO.test ip4"), &why), -1);
    test_text("says so", strbuf_text(&why), "z:1: \"TWO.test\" is there twice");
    dnsbl_zones_clear(&zones);
    strbuf_clear(&why);
}

static void test_keep(void)
{
    struct dnsbl_zones zones = {0};
    struct texts names = {0};
    struct strbuf why = {0};
    dnsbl_read_text(&zones, "z", SPAN("zone a.test ip6\nzone b.test ip4\n"), NULL);
    texts_add(&names, "B.test");
    texts_add(&names, "mine.test.");
    texts_add(&names, "b.test");
    texts_add(&names, "mine.test");
    test_number("keeps", dnsbl_zones_keep(&zones, &names, DNSBL_IP4, &why), 0);
    test_number("each once", (int64_t)zones.zones.len, 2);
    test_text("known", zones.zones.at[0].name, "b.test");
    test_text("new", zones.zones.at[1].name, "mine.test");
    test_true("is tested", zones.zones.at[1].has_test && zones.zones.at[1].kinds == DNSBL_IP4);
    texts_add(&names, "a|b");
    test_number("refuses", dnsbl_zones_keep(&zones, &names, DNSBL_IP4, &why), -1);
    test_text("says so", strbuf_text(&why), "\"a|b\" is no name of a zone");
    texts_clear(&names);
    dnsbl_zones_clear(&zones);
    strbuf_clear(&why);
}

static void add_answer(struct dnsbl_query *query, size_t subject, enum dnsbl_state state,
                       const char *key)
{
    struct dnsbl_answer *answer = vec_add(&query->answers);
    *answer = (struct dnsbl_answer){.subject = subject, .state = state};
    *vec_add(&answer->keys) = key;
}

static void test_count(void)
{
    struct dnsbl_query query = {0};
    add_answer(&query, 0, DNSBL_LISTED, "spamhaus");
    add_answer(&query, 0, DNSBL_LISTED, "spamhaus");
    add_answer(&query, 0, DNSBL_LISTED, "spamcop");
    add_answer(&query, 1, DNSBL_LISTED, "psbl");
    add_answer(&query, 0, DNSBL_NO_ANSWER, "silent");
    test_number("a group counts once", dnsbl_listings(&query, 0), 2);
    test_number("each subject alone", dnsbl_listings(&query, 1), 1);
    test_number("none", dnsbl_listings(&query, 2), 0);
    dnsbl_query_clear(&query);
}

/* Nothing listens there: no answer, which is not "not listed". */
static void test_no_server(void)
{
    struct dnsbl_query query = {.servers = "127.0.0.1:1", .deadline_ms = 500};
    struct dnsbl_zones zones = {0};
    struct strbuf why = {0};
    struct addr addr;
    addr_parse(SPAN("192.0.2.1"), &addr);
    dnsbl_query_add(&query, "192.0.2.1", &addr);
    dnsbl_query_add(&query, "example.test.", NULL);
    test_text("without its last dot", query.subjects.at[1].name, "example.test");
    dnsbl_read_text(&zones, "z", SPAN("zone a.test ip4\nzone b.test domain\ndead c.test\n"), NULL);
    test_number("fails", dnsbl_run(&query, &zones, &why), -1);
    test_true("says so", why.len > 0);
    test_number("zones x subjects", (int64_t)query.answers.len, 6);
    static const enum dnsbl_state want[] = {DNSBL_NO_ANSWER, DNSBL_NOT_ASKED, DNSBL_NOT_ASKED,
                                            DNSBL_NO_ANSWER, DNSBL_NOT_ASKED, DNSBL_NOT_ASKED};
    for (size_t i = 0; i < 6 && i < query.answers.len; i++)
        test_number("state", query.answers.at[i].state, want[i]);
    dnsbl_query_clear(&query);
    dnsbl_zones_clear(&zones);
    strbuf_clear(&why);
}

int main(void)
{
    test_names();
    test_file();
    test_keep();
    test_count();
    test_no_server();
    return test_end();
}
