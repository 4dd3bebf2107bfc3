/* dnsbl_check - subjects are looked up, lists are asked, and their answers counted and judged.
 *
 * Hosts are resolved by DNS alone: what /etc/hosts says is not what others see.
 */
#include "spamgear/check/dnsbl_check.h"

#include "spamgear/base/clock.h"
#include "spamgear/net/dns.h"
#include <string.h>

/* A listing is certain, "could not tell" is not "OK". */
static const int ranks[] = {
    [NAGIOS_OK] = 0, [NAGIOS_UNKNOWN] = 1, [NAGIOS_WARNING] = 2, [NAGIOS_CRITICAL] = 3};

bool dnsbl_most_parse(const char *text, struct dnsbl_most *most)
{
    struct span digits = span_text(text);
    most->percent = span_has_suffix(digits, SPAN("%"));
    digits.len -= most->percent;
    return span_number(digits, &most->number) && most->number <= (most->percent ? 100 : 1000000);
}

/* ---- subjects ---- */

/* What no list can know; NULL for others. 127.0.0.2 is what everybody tries a list with. */
static const char *nobodys(const struct addr *addr)
{
    static const struct {
        const char *network, *what;
    } networks[] = {{"0.0.0.0/8", "no host's address"},
                    {"10.0.0.0/8", "a private address"},
                    {"100.64.0.0/10", "a provider's private address"},
                    {"127.0.0.0/8", "a loopback address"},
                    {"169.254.0.0/16", "a link-local address"},
                    {"172.16.0.0/12", "a private address"},
                    {"192.168.0.0/16", "a private address"},
                    {"224.0.0.0/3", "no host's address"},
                    {"::/127", "a loopback address"},
                    {"fc00::/7", "a private address"},
                    {"fe80::/10", "a link-local address"},
                    {"ff00::/8", "no host's address"}};
    static const struct addr test_point = {{[10] = 0xff, 0xff, 127, 0, 0, 2}};
    if (memcmp(addr, &test_point, sizeof *addr) == 0)
        return NULL;
    for (size_t i = 0; i < sizeof networks / sizeof *networks; i++) {
        struct prefix prefix;
        if (prefix_parse(span_text(networks[i].network), &prefix) && prefix_holds(&prefix, addr))
            return networks[i].what;
    }
    return NULL;
}

static void add_address(struct dnsbl_check *check, const struct addr *addr, const char *host)
{
    const char *what = nobodys(addr);
    char text[46];
    addr_format(addr, text);
    if (what == NULL)
        dnsbl_query_add(&check->query, text, addr);
    else if (host == NULL)
        texts_format(&check->problems, "%s is %s: no list knows it", text, what);
    else
        texts_format(&check->problems, "%s has %s, %s: no list knows it", host, text, what);
}

static bool has_domain_zones(const struct dnsbl_check *check)
{
    for (size_t i = 0; i < check->zones.zones.len; i++)
        if (check->zones.zones.at[i].kinds & DNSBL_DOMAIN)
            return true;
    return false;
}

static int left_ms(const struct dnsbl_check *check)
{
    int64_t left = check->start + check->timeout_ms - clock_steady_ms();
    return left > 1 ? (int)left : 1;
}

static void add_host(struct dnsbl_check *check, const char *host)
{
    struct dns_batch batch = {0};
    struct strbuf why = {0};
    size_t found = 0;
    dns_batch_add(&batch, host, DNS_A);
    dns_batch_add(&batch, host, DNS_AAAA);
    int result = dns_batch_run(&batch, check->resolvers, left_ms(check), 0, &why);
    for (size_t i = 0; i < batch.asks.len; i++) {
        const struct dns_ask *ask = &batch.asks.at[i];
        if (ask->result == DNS_NO_ANSWER)
            texts_format(&check->problems, "%s: its IPv%d addresses could not be told: %s", host,
                         ask->type == DNS_A ? 4 : 6, result != 0 ? strbuf_text(&why) : ask->why);
        found += ask->records.addrs.len + (ask->result == DNS_NO_ANSWER);
        for (size_t k = 0; k < ask->records.addrs.len; k++)
            add_address(check, &ask->records.addrs.at[k], host);
    }
    if (found == 0)
        texts_format(&check->problems, "%s has no address", host);
    else if (has_domain_zones(check))
        dnsbl_query_add(&check->query, host, NULL);
    dns_batch_clear(&batch);
    strbuf_clear(&why);
}

/* A top-level domain is never all digits: 192.0.2.300 is a slip of the pen, not a host. */
static bool is_host(const char *text)
{
    struct span name = span_text(text);
    const char *dot = name.len > 0 ? memrchr(name.at, '.', name.len) : NULL;
    struct span last = dot == NULL ? name : span_of(dot + 1, span_end(name));
    unsigned long long number;
    return dnsbl_is_name(name) && !span_number(last, &number);
}

static void add_operand(struct dnsbl_check *check, const char *text)
{
    struct addr addr;
    bool is_addr = addr_parse(span_text(text), &addr);
    if (is_addr && !check->domain)
        add_address(check, &addr, NULL);
    else if (is_addr || !is_host(text))
        texts_format(&check->problems, "\"%s\" is no %s", text,
                     check->domain ? "domain" : "address and no host name");
    else if (check->domain)
        dnsbl_query_add(&check->query, text, NULL);
    else
        add_host(check, text);
}

/* ---- judging ---- */

bool dnsbl_check_counts(const struct dnsbl_answer *answer)
{
    return answer->state != DNSBL_NOT_ASKED &&
           !(answer->state == DNSBL_NO_ANSWER && answer->zone->doubtful);
}

static bool too_many(const struct dnsbl_most *most, const struct dnsbl_tally *tally)
{
    unsigned long long unanswered = tally->asked - tally->answered;
    return most->percent ? unanswered * 100 > most->number * tally->asked
                         : unanswered > most->number;
}

static enum nagios judge(const struct dnsbl_check *check, const struct dnsbl_tally *tally)
{
    if (tally->listings >= check->critical)
        return NAGIOS_CRITICAL;
    if (tally->listings >= check->warning)
        return NAGIOS_WARNING;
    return tally->answered == 0 || too_many(&check->max_unanswered, tally) ? NAGIOS_UNKNOWN
                                                                           : NAGIOS_OK;
}

static void add_tally(struct dnsbl_check *check, size_t subject)
{
    struct dnsbl_tally tally = {.listings = dnsbl_listings(&check->query, subject)};
    for (size_t i = 0; i < check->query.answers.len; i++) {
        const struct dnsbl_answer *answer = &check->query.answers.at[i];
        if (answer->subject != subject || !dnsbl_check_counts(answer))
            continue;
        tally.asked++;
        tally.answered += answer->state != DNSBL_NO_ANSWER;
        if (answer->reason.len > (tally.reason != NULL ? strlen(tally.reason) : 0))
            tally.reason = answer->reason.data;
    }
    tally.status = judge(check, &tally);
    *vec_add(&check->tallies) = tally;
}

enum nagios dnsbl_check_status(const struct dnsbl_check *check)
{
    enum nagios status =
        check->problems.len > 0 || check->tallies.len == 0 ? NAGIOS_UNKNOWN : NAGIOS_OK;
    for (size_t i = 0; i < check->tallies.len; i++)
        if (ranks[check->tallies.at[i].status] > ranks[status])
            status = check->tallies.at[i].status;
    return status;
}

/* ---- one run ---- */

void dnsbl_check_run(struct dnsbl_check *check, int count, char **subjects)
{
    struct strbuf why = {0};
    if (count == 0)
        texts_add(&check->problems, "nothing to check: give an address or a host");
    for (int i = 0; i < count; i++)
        add_operand(check, subjects[i]);
    check->query.servers = check->resolvers;
    check->query.deadline_ms = left_ms(check);
    if (check->query.subjects.len > 0 && dnsbl_run(&check->query, &check->zones, &why) != 0)
        texts_add(&check->problems, strbuf_text(&why));
    for (size_t i = 0; i < check->query.subjects.len; i++)
        add_tally(check, i);
    strbuf_clear(&why);
}

void dnsbl_check_clear(struct dnsbl_check *check)
{
    vec_clear(&check->tallies);
    texts_clear(&check->problems);
    dnsbl_query_clear(&check->query);
    dnsbl_zones_clear(&check->zones);
}
