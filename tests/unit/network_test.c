/* network - registrable domains in the ICANN section only, AS numbers out of a database that
 * this test writes itself, and prefixes where neither can be had. */
#include "spamgear/sender/network.h"

#include "test.h"
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct addr address(const char *text)
{
    struct addr addr = {{0}};
    test_true(text, addr_parse(span_text(text), &addr));
    return addr;
}

/* ---- domains ---- */

static const struct {
    const char *name, *want; /* "" = the prefix */
} domains[] = {
    {"cust-17.pool.isp-a.example", "isp-a.example"}, /* unknown top-level domain: rule "*" */
    {"Host.Isp.COM.", "isp.com"},
    {"a.b.c.isp.co.uk", "isp.co.uk"},
    {"isp.co.uk", "isp.co.uk"},
    {"co.uk", ""},
    {"ec2-192-0-2-1.compute-1.amazonaws.com", "amazonaws.com"},
    {"ec2-192-0-2-1.eu-west-1.compute.amazonaws.com", "amazonaws.com"},
    {"user.github.io", "github.io"},
    {"x.y.foo.bar.kawasaki.jp", "foo.bar.kawasaki.jp"}, /* *.kawasaki.jp */
    {"x.y.city.kawasaki.jp", "city.kawasaki.jp"},       /* !city.kawasaki.jp */
    {"x.y.foo.ck", "y.foo.ck"},                         /* *.ck */
    {"www.ck", "www.ck"},                               /* !www.ck */
    {"mail.school.pvt.k12.ma.us", "school.pvt.k12.ma.us"},
    {"host.xn--bcher-kva.example", "xn--bcher-kva.example"},
    {"host.b\xc3\xbc"
     "cher.example",
     "b\xc3\xbc"
     "cher.example"},
    {"unknown", ""},
    {"localhost", ""},
    {"com", ""},
    {"", ""},
    {".", ""},
    {".com", ""},
    {"a..isp.com", ""},
    {"isp.com..", ""},
    {"192.0.2.7", ""},
    {"host.192", ""},
    {"2001:db8::1", ""},
    {"host isp.com", ""},
    {"host\nisp.com", ""},
    {"[192.0.2.7]", ""},
};

static void test_domains(void)
{
    struct network_settings settings = {NETWORK_DOMAIN, 24, 48, NULL};
    struct strbuf why = {0}, out = {0};
    struct network_namer *namer = network_open(&settings, &why);
    struct addr addr = address("203.0.113.77");
    test_true("opens", namer != NULL);
    network_describe(namer, &out);
    test_text("says what it does", strbuf_text(&out), "networks by domain, else /24 and /48");
    for (size_t i = 0; i < sizeof domains / sizeof *domains; i++) {
        network_name(namer, &addr, span_text(domains[i].name), &out);
        test_text(domains[i].name, strbuf_text(&out),
                  *domains[i].want != '\0' ? domains[i].want : "203.0.113.0/24");
    }
    char buf[NETWORK_NAME_MAX], longest[300];
    memset(longest, 'a', sizeof longest);
    memcpy(longest + 249, ".com", 4);
    test_number("253 bytes", (int64_t)network_domain(namer, (struct span){longest, 253}, buf).len,
                253);
    memcpy(longest + 250, ".com", 4);
    test_number("254 are none",
                (int64_t)network_domain(namer, (struct span){longest, 254}, buf).len, 0);
    memset(longest, '.', sizeof longest);
    for (size_t i = 0; i < 253; i += 2)
        longest[i] = 'x';
    test_number("many labels", (int64_t)network_domain(namer, (struct span){longest, 253}, buf).len,
                3);
    network_close(namer);
    network_close(NULL);
    strbuf_clear(&why);
    strbuf_clear(&out);
}

static void test_prefixes(void)
{
    struct network_settings settings = {NETWORK_PREFIX, 20, 56, NULL};
    struct strbuf out = {0};
    struct network_namer *namer = network_open(&settings, NULL);
    struct addr v4 = address("203.0.113.77"), v6 = address("2001:db8:1:2ff::1");
    network_name(namer, &v4, SPAN("host.isp.com"), &out);
    test_text("v4", strbuf_text(&out), "203.0.112.0/20");
    network_name(namer, &v6, SPAN("host.isp.com"), &out);
    test_text("v6", strbuf_text(&out), "2001:db8:1:200::/56");
    strbuf_reset(&out);
    network_describe(namer, &out);
    test_text("says what it does", strbuf_text(&out), "networks by /20 and /56");
    network_close(namer);
    strbuf_clear(&out);
}

/* ---- a database as in the MaxMind DB specification 2.0, written here ----
 *
 * One node a bit along each network's path; records are 24 bits; a record of node_count means
 * "no data", one above points into the data section, 16 bytes behind the tree. */

#define NODES_MAX 300
#define NO_NODE   UINT32_MAX

struct tree {
    uint32_t records[NODES_MAX][2]; /* a node, NO_NODE, or DATA + offset */
    uint32_t nodes;
};

#define DATA 0x800000u

static void add_network(struct tree *tree, const unsigned char *bytes, unsigned bits, uint32_t data)
{
    uint32_t node = 0;
    for (unsigned i = 0; i < bits; i++) {
        uint32_t *record = &tree->records[node][bytes[i / 8] >> (7 - i % 8) & 1];
        if (i + 1 == bits) {
            *record = DATA + data;
        } else if (*record == NO_NODE) {
            tree->records[tree->nodes][0] = tree->records[tree->nodes][1] = NO_NODE;
            *record = tree->nodes++;
        }
        node = *record;
    }
}

static void add_record(struct strbuf *out, const struct tree *tree, uint32_t record)
{
    uint32_t value = record == NO_NODE ? tree->nodes
                     : record >= DATA  ? tree->nodes + 16 + (record - DATA)
                                       : record;
    strbuf_add_char(out, (char)(value >> 16));
    strbuf_add_char(out, (char)(value >> 8));
    strbuf_add_char(out, (char)value);
}

/* Control byte: type in the upper three bits, length in the lower five; "extended" types follow. */
static void add_string(struct strbuf *out, const char *text)
{
    size_t len = strlen(text);
    strbuf_add_char(out, (char)(2 << 5 | (len < 29 ? len : 29)));
    if (len >= 29)
        strbuf_add_char(out, (char)(len - 29));
    strbuf_add_text(out, text);
}

static void add_uint(struct strbuf *out, const char *key, int type, uint32_t value)
{
    add_string(out, key);
    strbuf_add_char(out, (char)((type > 7 ? 0 : type) << 5 | 4));
    if (type > 7)
        strbuf_add_char(out, (char)(type - 7));
    for (int shift = 24; shift >= 0; shift -= 8)
        strbuf_add_char(out, (char)(value >> shift));
}

static void add_short(struct strbuf *out, const char *key, unsigned value)
{
    add_string(out, key);
    strbuf_add_char(out, (char)(5 << 5 | 2));
    strbuf_add_char(out, (char)(value >> 8));
    strbuf_add_char(out, (char)value);
}

static void add_metadata(struct strbuf *out, uint32_t nodes, unsigned version, const char *type)
{
    strbuf_add(out, "\xab\xcd\xefMaxMind.com", 14);
    strbuf_add_char(out, (char)(7 << 5 | 9));
    add_uint(out, "node_count", 6, nodes);
    add_short(out, "record_size", 24);
    add_short(out, "ip_version", version);
    add_string(out, "database_type");
    add_string(out, type);
    add_string(out, "languages");
    strbuf_add(out, "\x00\x04", 2); /* an empty array */
    add_short(out, "binary_format_major_version", 2);
    add_short(out, "binary_format_minor_version", 0);
    add_string(out, "build_epoch");
    strbuf_add(out, "\x04\x02\x65\x00\x00\x00", 6); /* uint64 of four bytes */
    add_string(out, "description");
    strbuf_add_char(out, (char)(7 << 5)); /* an empty map */
}

static void write_database(const char *path, unsigned version, const char *type)
{
    static struct tree tree;
    struct strbuf data = {0}, out = {0};
    tree = (struct tree){{{NO_NODE, NO_NODE}}, 1};
    struct addr v6 = address("2001:db8::");
    unsigned char v4[16] = {203, 0, 113, 0}, nothing[16] = {198, 51, 100, 0};
    unsigned char *v4_at = version == 6 ? (unsigned char[16]){0, [12] = 203, 0, 113, 0} : v4;
    unsigned char *no_at = version == 6 ? (unsigned char[16]){0, [12] = 198, 51, 100, 0} : nothing;
    unsigned before = version == 6 ? 96 : 0;
    add_network(&tree, v4_at, before + 24, 0);
    strbuf_add_char(&data, (char)(7 << 5 | 1));
    add_uint(&data, "autonomous_system_number", 6, 64500);
    add_network(&tree, no_at, before + 24, (uint32_t)data.len); /* known, but no number */
    strbuf_add_char(&data, (char)(7 << 5 | 1));
    add_string(&data, "autonomous_system_organization");
    add_string(&data, "Example");
    if (version == 6)
        add_network(&tree, v6.bytes, 32, (uint32_t)data.len);
    strbuf_add_char(&data, (char)(7 << 5 | 1));
    add_uint(&data, "autonomous_system_number", 6, 4200000001u);
    for (uint32_t i = 0; i < tree.nodes; i++) {
        add_record(&out, &tree, tree.records[i][0]);
        add_record(&out, &tree, tree.records[i][1]);
    }
    strbuf_add(&out, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
    strbuf_add_span(&out, strbuf_span(&data));
    add_metadata(&out, tree.nodes, version, type);
    FILE *file = fopen(path, "w");
    test_true("database written", file != NULL && fwrite(out.data, 1, out.len, file) == out.len);
    if (file != NULL)
        fclose(file);
    strbuf_clear(&data);
    strbuf_clear(&out);
}

static const struct {
    unsigned version;
    const char *addr, *want;
} numbers[] = {
    {4, "203.0.113.77", "AS64500"},         {4, "203.0.114.1", "203.0.114.0/24"},
    {4, "198.51.100.9", "198.51.100.0/24"}, {4, "2001:db8::1", "2001:db8::/48"},
    {6, "203.0.113.77", "AS64500"},         {6, "198.51.100.9", "198.51.100.0/24"},
    {6, "2001:db8:5::1", "AS4200000001"},   {6, "2001:db9::1", "2001:db9::/48"},
};

static void test_numbers(const char *path)
{
    struct network_settings settings = {NETWORK_ASN, 24, 48, path};
    struct strbuf why = {0}, out = {0};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        write_database(path, numbers[i].version, "Test-ASN");
        struct network_namer *namer = network_open(&settings, &why);
        test_text("opens", strbuf_text(&why), "");
        if (namer == NULL)
            continue;
        struct addr addr = address(numbers[i].addr);
        network_name(namer, &addr, SPAN("host.isp.com"), &out);
        test_text(numbers[i].addr, strbuf_text(&out), numbers[i].want);
        strbuf_reset(&out);
        network_describe(namer, &out);
        test_text("says what it does", strbuf_text(&out),
                  "networks by AS number, else /24 and /48");
        network_close(namer);
    }
    strbuf_clear(&why);
    strbuf_clear(&out);
}

static void test_refused(const char *path, const char *dir)
{
    struct network_settings settings = {NETWORK_ASN, 24, 48, path};
    struct strbuf why = {0};
    write_database(path, 4, "Test-City");
    test_true("another kind", network_open(&settings, &why) == NULL);
    test_true("named", strstr(strbuf_text(&why), "is no ASN database but \"Test-City\"") != NULL);
    test_true("short", truncate(path, 20) == 0 && network_open(&settings, &why) == NULL);
    test_true("empty", truncate(path, 0) == 0 && network_open(&settings, &why) == NULL);
    test_true("path is named", strstr(strbuf_text(&why), path) != NULL);
    unlink(path);
    test_true("missing", network_open(&settings, &why) == NULL);
    settings.asn_database = dir;
    test_true("a directory", network_open(&settings, &why) == NULL);
    settings.asn_database = NULL;
    test_true("not given", network_open(&settings, &why) == NULL);
    test_text("says so", strbuf_text(&why), "networks by AS number need an asn-database");
    strbuf_clear(&why);
}

int main(void)
{
    char dir[] = "/tmp/network-test-XXXXXX", path[64];
    test_true("a directory", mkdtemp(dir) != NULL);
    snprintf(path, sizeof path, "%s/asn.mmdb", dir);
    test_prefixes();
#ifdef HAVE_PSL
    test_domains();
#endif
#ifdef HAVE_MAXMINDDB
    test_numbers(path);
    test_refused(path, dir);
#endif
    rmdir(dir);
    return test_end();
}
