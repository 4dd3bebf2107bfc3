#include "spamgear/base/addr.h"

#include "test.h"

#include <stdlib.h>

/* Reads from memory that ends with the text, so that a sanitizer sees one byte too many. */
static struct span exact(const char *text, size_t len)
{
    char *copy = malloc(len == 0 ? 1 : len);
    memcpy(copy, text, len);
    return (struct span){copy, len};
}

static void check_addresses(void)
{
    static const struct {
        const char *text, *want; /* NULL: none */
    } rows[] = {
        {"192.0.2.1", "192.0.2.1"},
        {"0.0.0.0", "0.0.0.0"},
        {"255.255.255.255", "255.255.255.255"},
        {"2001:db8::1", "2001:db8::1"},
        {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
        {"2001:0db8:0000:0000:0001:0000:0000:0001", "2001:db8::1:0:0:1"},
        {"::", "::"},
        {"::1", "::1"},
        {"IPv6:2001:db8::1", "2001:db8::1"},
        {"ipv6:::1", "::1"},
        {"::ffff:192.0.2.1", "192.0.2.1"},
        {"IPv6:::ffff:192.0.2.1", "192.0.2.1"},
        {"::ffff:c000:201", "192.0.2.1"},
        {"fe80::1%eth0", "fe80::1"},
        {"IPv6:fe80::1%2", "fe80::1"},
        {"fe80::1%", NULL},
        {"fe80::1%eth 0", NULL},
        {"fe80::1%eth0\x7f", NULL},
        {"fe80::1%\xc3\xa9", NULL},
        {"192.0.2.1%eth0", NULL},
        {"192.0.2.256", NULL},
        {"192.0.2", NULL},
        {"192.0.2.1.", NULL},
        {"192.0.2.01", NULL},
        {"0300.0.2.1", NULL},
        {"0xc0.0.2.1", NULL},
        {"3221225985", NULL},
        {" 192.0.2.1", NULL},
        {"192.0.2.1 ", NULL},
        {"[192.0.2.1]", NULL},
        {"192.0.2.1:25", NULL},
        {"2001:db8::1::2", NULL},
        {"2001:db8:::1", NULL},
        {"1:2:3:4:5:6:7:8:9", NULL},
        {"1:2:3:4:5:6:7", NULL},
        {"12345::1", NULL},
        {"IPv6:192.0.2.1", NULL},
        {"IPv6:", NULL},
        {"unknown", NULL},
        {"", NULL},
        {"11111111111111111111111111111111111111111111111111111111111111111:1", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct addr addr;
        char got[46] = "(none)";
        struct span text = exact(rows[i].text, strlen(rows[i].text));
        if (addr_parse(text, &addr))
            addr_format(&addr, got);
        test_text(rows[i].text, got, rows[i].want == NULL ? "(none)" : rows[i].want);
        free((char *)text.at);
    }
}

static void check_odd_bytes(void)
{
    struct addr addr;
    test_true("NUL after v4", !addr_parse(SPAN("192.0.2.1\0"), &addr));
    test_true("NUL in v4", !addr_parse(SPAN("192.0.2.1\0x"), &addr));
    test_true("NUL in zone", !addr_parse(SPAN("fe80::1%e\0"), &addr));
    test_true("NUL in v6", !addr_parse(SPAN("::1\0::"), &addr));
    test_true("NULL span", !addr_parse((struct span){NULL, 0}, &addr));
    char *endless = malloc(1 << 20);
    memset(endless, ':', 1 << 20);
    test_true("a megabyte", !addr_parse((struct span){endless, 1 << 20}, &addr));
    free(endless);
    test_true("span inside a text", addr_parse((struct span){"192.0.2.177", 9}, &addr));
    char got[46];
    addr_format(&addr, got);
    test_text("span inside a text", got, "192.0.2.1");
    test_true("v4", addr_is_v4(&addr));
    test_true("v6", addr_parse(SPAN("::1.2.3.4"), &addr) && !addr_is_v4(&addr));
    test_true("longest zone form", addr_parse(SPAN("fe80::1%averyveryverylonginterfacename"
                                                   "thatnokernelwouldallow"),
                                              &addr));
}

static void check_prefixes(void)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        {"192.0.2.0/24", "192.0.2.0/24"},
        {"192.0.2.77/24", "192.0.2.0/24"},
        {"192.0.2.77/25", "192.0.2.0/25"},
        {"192.0.2.177/25", "192.0.2.128/25"},
        {"192.0.2.1", "192.0.2.1/32"},
        {"192.0.2.1/32", "192.0.2.1/32"},
        {"192.0.2.1/0", "0.0.0.0/0"},
        {"2001:db8::1", "2001:db8::1/128"},
        {"2001:db8:ffff:ffff::/47", "2001:db8:fffe::/47"},
        {"IPv6:2001:db8:1:2::3/48", "2001:db8:1::/48"},
        {"::/0", "::/0"},
        {"::ffff:192.0.2.1/120", "192.0.2.0/24"},
        {"192.0.2.0/33", NULL},
        {"2001:db8::/129", NULL},
        {"192.0.2.0/", NULL},
        {"192.0.2.0/-1", NULL},
        {"192.0.2.0/+8", NULL},
        {"192.0.2.0/24/8", NULL},
        {"192.0.2.0/ 24", NULL},
        {"192.0.2.0/99999999999999999999", NULL},
        {"/24", NULL},
        {"", NULL},
        {"192.0.2/24", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct prefix prefix;
        struct strbuf got = {0};
        struct span text = exact(rows[i].text, strlen(rows[i].text));
        if (prefix_parse(text, &prefix))
            prefix_format(&got, &prefix);
        test_text(rows[i].text, strbuf_text(&got), rows[i].want == NULL ? "" : rows[i].want);
        strbuf_clear(&got);
        free((char *)text.at);
    }
}

static void check_holding(void)
{
    static const struct {
        const char *prefix, *addr;
        bool want;
    } rows[] = {
        {"192.0.2.0/24", "192.0.2.255", true},
        {"192.0.2.0/24", "192.0.3.0", false},
        {"192.0.2.9/24", "192.0.2.200", true},
        {"192.0.2.128/25", "192.0.2.127", false},
        {"192.0.2.1", "192.0.2.1", true},
        {"192.0.2.1", "192.0.2.2", false},
        {"0.0.0.0/0", "203.0.113.1", true},
        {"0.0.0.0/0", "2001:db8::1", false},
        {"::/0", "2001:db8::1", true},
        {"::/0", "203.0.113.1", false},
        {"::/0", "::ffff:203.0.113.1", false},
        {"192.0.2.0/24", "::ffff:192.0.2.4", true},
        {"2001:db8::/32", "2001:db8:ffff::1", true},
        {"2001:db8::/32", "2001:db9::1", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct prefix prefix;
        struct addr addr;
        test_true(rows[i].prefix, prefix_parse(span_text(rows[i].prefix), &prefix));
        test_true(rows[i].addr, addr_parse(span_text(rows[i].addr), &addr));
        test_number(rows[i].addr, prefix_holds(&prefix, &addr), rows[i].want);
    }
}

static void check_lists(void)
{
    struct prefix list[2];
    struct addr addr;
    prefix_parse(SPAN("192.0.2.0/24"), &list[0]);
    prefix_parse(SPAN("2001:db8::/32"), &list[1]);
    addr_parse(SPAN("2001:db8::1"), &addr);
    test_true("the second", prefixes_hold(list, 2, &addr));
    test_true("not the first", !prefixes_hold(list, 1, &addr));
    test_true("no list", !prefixes_hold(NULL, 0, &addr));
}

static void check_networks(void)
{
    static const struct {
        const char *addr;
        int bits4, bits6;
        const char *want;
    } rows[] = {
        {"192.0.2.77", 24, 48, "192.0.2.0/24"},
        {"::ffff:192.0.2.77", 16, 48, "192.0.0.0/16"},
        {"2001:db8:1:2::3", 24, 48, "2001:db8:1::/48"},
        {"192.0.2.77", 0, 0, "0.0.0.0/0"},
        {"2001:db8::1", 0, 0, "::/0"},
        {"192.0.2.77", 99, 999, "192.0.2.77/32"},
        {"2001:db8::1", 99, 999, "2001:db8::1/128"},
        {"192.0.2.77", -1, -1, "0.0.0.0/0"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct addr addr;
        struct strbuf got = {0};
        test_true(rows[i].addr, addr_parse(span_text(rows[i].addr), &addr));
        struct prefix prefix = prefix_of(&addr, rows[i].bits4, rows[i].bits6);
        prefix_format(&got, &prefix);
        test_text(rows[i].addr, strbuf_text(&got), rows[i].want);
        test_true("holds its own address", prefix_holds(&prefix, &addr));
        strbuf_clear(&got);
    }
}

static void test_list(void)
{
    const char *text = " 192.0.2.1,2001:db8::/32\n\tnone ,";
    struct span word;
    struct prefix prefix;
    test_number("first", prefix_take(&text, &word, &prefix), 1);
    test_bytes("its word", word.at, word.len, "192.0.2.1", 9);
    test_number("second", prefix_take(&text, &word, &prefix), 1);
    test_number("its bits", prefix.bits, 32);
    test_number("third is none", prefix_take(&text, &word, &prefix), -1);
    test_bytes("and told", word.at, word.len, "none", 4);
    test_number("the end", prefix_take(&text, &word, &prefix), 0);
    test_number("stays the end", prefix_take(&text, &word, &prefix), 0);
}

int main(void)
{
    check_addresses();
    check_odd_bytes();
    check_prefixes();
    check_holding();
    check_lists();
    check_networks();
    test_list();
    return test_end();
}
