/* dnsbl - asks blocklists, and believes none of them without proof.
 *
 * A zone is first asked for its test point only. When it lists that, everything else of it is
 * asked; so a zone that is silent holds one place in the window, not one for each question. What
 * it said of the subjects counts when the other test point came back as not listed. TXT is asked
 * only of what is listed.
 */
#include "spamgear/net/dnsbl.h"

#include "spamgear/base/map.h"
#include "spamgear/base/text.h"
#include "spamgear/net/dns.h"
#include <stdlib.h>

#define NAME_LEN   253
#define REASON_LEN 300
#define NO_TIME    "not answered in time"

enum role { ROLE_LISTED, ROLE_CLEAR, ROLE_SUBJECT, ROLE_REASON };

/* One zone, for one kind of subject. */
struct probe {
    const struct dnsbl_zone *zone;
    unsigned kind;
    bool lists, clears;  /* the test points came back as they must */
    struct strbuf fault; /* of the first that did not */
};

struct part {
    enum role role;
    size_t probe, answer;
};

struct job {
    struct dnsbl_query *query;
    const struct dnsbl_zones *zones;
    struct dns_batch batch;
    VEC(struct probe) probes;
    VEC(struct part) parts; /* by number of the question */
};

#define NIBBLES_OF_MAPPED "0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."

/* RFC 5782 5: what must be listed, and what must not. */
static const struct {
    unsigned kind;
    const char *listed, *clear;
} points[] = {{DNSBL_IP4, "2.0.0.127.", "1.0.0.127."},
              {DNSBL_IP6, "2." NIBBLES_OF_MAPPED, "1." NIBBLES_OF_MAPPED},
              {DNSBL_DOMAIN, "test.", "invalid."}};

#define KINDS (sizeof points / sizeof *points)

/* ---- what an answer means ---- */

enum meaning { MEANS_NONE, MEANS_NOTHING, MEANS_LISTED, MEANS_REFUSED, MEANS_FOREIGN, MEANS_LOST };

static bool is_answer_of(const struct addr *addr, int byte1, int byte2)
{
    const unsigned char *b = addr->bytes + 12;
    return addr_is_v4(addr) && b[0] == 127 && (byte1 < 0 || b[1] == byte1) &&
           (byte2 < 0 || b[2] == byte2);
}

static bool code_fits(const struct dnsbl_code *code, const struct addr *addr)
{
    if (code->bit != 0)
        return is_answer_of(addr, 0, 0) && (addr->bytes[15] & code->bit) != 0;
    return prefix_holds(&code->answer, addr);
}

/* An answer that the zone file does not tell. 127.0.0.1 lists nothing anywhere (RFC 5782 2.1):
 * it is how URIBL and SURBL refuse. */
static enum meaning meaning_of_unknown(const struct addr *addr)
{
    if (!is_answer_of(addr, -1, -1))
        return MEANS_FOREIGN;
    if (is_answer_of(addr, 255, 255) || (is_answer_of(addr, 0, 0) && addr->bytes[15] == 1))
        return MEANS_REFUSED;
    return MEANS_LISTED;
}

/* *of gets the code that decided, NULL when none did. */
static enum meaning meaning_of(const struct dnsbl_zone *zone, const struct addr *addr,
                               const struct dnsbl_code **of)
{
    static const enum meaning meanings[] = {[DNSBL_MEANS_LISTED] = MEANS_LISTED,
                                            [DNSBL_MEANS_NOTHING] = MEANS_NOTHING,
                                            [DNSBL_MEANS_REFUSED] = MEANS_REFUSED};
    enum meaning best = MEANS_NONE;
    *of = NULL;
    for (size_t i = 0; i < zone->codes.len; i++) {
        const struct dnsbl_code *code = &zone->codes.at[i];
        if (!code_fits(code, addr) || meanings[code->sense] <= best)
            continue;
        best = meanings[code->sense];
        *of = code;
    }
    return best != MEANS_NONE ? best : meaning_of_unknown(addr);
}

/* What Spamhaus began and others took over. */
static const char *refusal_of(const struct addr *addr, const struct dnsbl_code *code)
{
    static const struct {
        unsigned last;
        const char *meaning;
    } refusals[] = {{252, "the zone's name is misspelt"},
                    {254, "asked through a public or open resolver"},
                    {255, "asked too often"}};
    if (code != NULL && code->meaning != NULL)
        return code->meaning;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals && addr->bytes[13] == 255; i++)
        if (refusals[i].last == addr->bytes[15])
            return refusals[i].meaning;
    return "an error code, no listing";
}

static void say_fault(struct strbuf *why, enum meaning meaning, const struct addr *addr,
                      const struct dnsbl_code *code)
{
    char text[46];
    addr_format(addr, text);
    if (meaning == MEANS_REFUSED)
        strbuf_why(why, "refuses us: %s, %s", text, refusal_of(addr, code));
    else
        strbuf_why(why, "answers %s, which no list does", text);
}

/* Of all addresses of one answer. One that is no list's own spoils the rest. */
static enum meaning read_answer(const struct dnsbl_zone *zone, const struct dns_ask *ask,
                                struct strbuf *why)
{
    enum meaning all = MEANS_NONE;
    if (ask->result == DNS_NO_ANSWER) {
        strbuf_why(why, "%s", ask->why);
        return MEANS_LOST;
    }
    for (size_t i = 0; i < ask->records.addrs.len && all < MEANS_REFUSED; i++) {
        const struct addr *addr = &ask->records.addrs.at[i];
        const struct dnsbl_code *code;
        enum meaning meaning = meaning_of(zone, addr, &code);
        if (meaning >= MEANS_REFUSED)
            say_fault(why, meaning, addr, code);
        all = meaning > all ? meaning : all;
    }
    return all;
}

/* ---- a listing ---- */

static const char *key_of(const struct job *job, const struct dnsbl_zone *zone,
                          const struct dnsbl_code *code)
{
    if (code != NULL && code->alias != NULL) {
        const struct dnsbl_zone *same = dnsbl_zone_get(job->zones, span_text(code->alias));
        if (same == NULL)
            return code->alias;
        zone = same;
    }
    return zone->group != NULL ? zone->group : zone->name;
}

static void add_meaning(struct dnsbl_answer *answer, const char *meaning)
{
    if (meaning == NULL || strstr(strbuf_text(&answer->meaning), meaning) != NULL)
        return;
    strbuf_add_text(&answer->meaning, answer->meaning.len > 0 ? ", " : "");
    strbuf_add_text(&answer->meaning, meaning);
}

static void add_codes(const struct job *job, struct dnsbl_answer *answer, const struct addr *addr)
{
    const struct dnsbl_zone *zone = answer->zone;
    bool told = false;
    for (size_t i = 0; i < zone->codes.len; i++) {
        const struct dnsbl_code *code = &zone->codes.at[i];
        if (code->sense != DNSBL_MEANS_LISTED || !code_fits(code, addr))
            continue;
        add_meaning(answer, code->meaning);
        *vec_add(&answer->keys) = key_of(job, zone, code);
        told = true;
    }
    if (!told)
        *vec_add(&answer->keys) = key_of(job, zone, NULL);
}

static void add_listing(const struct job *job, struct dnsbl_answer *answer,
                        const struct dns_ask *ask)
{
    for (size_t i = 0; i < ask->records.addrs.len; i++) {
        const struct addr *addr = &ask->records.addrs.at[i];
        const struct dnsbl_code *code;
        char text[46];
        addr_format(addr, text);
        if (meaning_of(answer->zone, addr, &code) != MEANS_LISTED)
            continue;
        strbuf_add_text(&answer->codes, answer->codes.len > 0 ? " " : "");
        strbuf_add_text(&answer->codes, text);
        add_codes(job, answer, addr);
    }
}

/* What the list says for reading; cut between characters. */
static void add_reason(struct dnsbl_answer *answer, struct span text)
{
    struct strbuf escaped = {0};
    text_escape(&escaped, text);
    size_t len = escaped.len < REASON_LEN ? escaped.len : REASON_LEN;
    while (len < escaped.len && len > 0 && ((unsigned char)escaped.data[len] & 0xc0) == 0x80)
        len--;
    strbuf_add(&answer->reason, strbuf_text(&escaped), len);
    strbuf_clear(&escaped);
}

/* ---- questions ---- */

static void ask(struct job *job, const char *name, enum dns_type type, struct part part)
{
    dns_batch_add(&job->batch, name, type);
    *vec_add(&job->parts) = part;
}

static const char *point_of(const struct probe *probe, enum role role)
{
    size_t i = 0;
    while (points[i].kind != probe->kind)
        i++;
    return role == ROLE_LISTED ? points[i].listed : points[i].clear;
}

static void ask_point(struct job *job, size_t number, enum role role)
{
    const struct probe *probe = &job->probes.at[number];
    struct strbuf name = {0};
    if (role == ROLE_LISTED && probe->kind == DNSBL_DOMAIN && probe->zone->test != NULL)
        strbuf_format(&name, "%s.", probe->zone->test);
    else
        strbuf_add_text(&name, point_of(probe, role));
    strbuf_add_text(&name, probe->zone->name);
    ask(job, strbuf_text(&name), DNS_A, (struct part){role, number, 0});
    strbuf_clear(&name);
}

static unsigned kind_of(const struct dnsbl_subject *subject)
{
    return !subject->has_addr ? DNSBL_DOMAIN : addr_is_v4(&subject->addr) ? DNSBL_IP4 : DNSBL_IP6;
}

static size_t answer_number(const struct job *job, const struct dnsbl_zone *zone, size_t subject)
{
    return (size_t)(zone - job->zones->zones.at) * job->query->subjects.len + subject;
}

static void ask_subject(struct job *job, size_t number, size_t subject)
{
    const struct probe *probe = &job->probes.at[number];
    const struct dnsbl_subject *it = &job->query->subjects.at[subject];
    size_t answer = answer_number(job, probe->zone, subject);
    struct strbuf name = {0};
    if (it->has_addr)
        dns_reverse(&it->addr, &name);
    else
        strbuf_format(&name, "%s.", it->name);
    strbuf_add_text(&name, probe->zone->name);
    if (name.len <= NAME_LEN)
        ask(job, strbuf_text(&name), DNS_A, (struct part){ROLE_SUBJECT, number, answer});
    else
        strbuf_why(&job->query->answers.at[answer].why, "the name is too long to be asked for");
    strbuf_clear(&name);
}

static void ask_subjects(struct job *job, size_t number)
{
    for (size_t i = 0; i < job->query->subjects.len; i++)
        if (kind_of(&job->query->subjects.at[i]) == job->probes.at[number].kind)
            ask_subject(job, number, i);
}

/* ---- answers ---- */

static void take_listed(struct job *job, size_t number, const struct part *part)
{
    struct probe *probe = &job->probes.at[part->probe];
    enum meaning meaning = read_answer(probe->zone, &job->batch.asks.at[number], &probe->fault);
    if (meaning == MEANS_NONE)
        strbuf_why(&probe->fault, "does not list its own test point");
    probe->lists = meaning == MEANS_LISTED || meaning == MEANS_NOTHING;
    if (!probe->lists)
        return;
    ask_point(job, part->probe, ROLE_CLEAR);
    ask_subjects(job, part->probe);
}

static void take_clear(struct job *job, size_t number, const struct part *part)
{
    struct probe *probe = &job->probes.at[part->probe];
    enum meaning meaning = read_answer(probe->zone, &job->batch.asks.at[number], &probe->fault);
    if (meaning == MEANS_LISTED || meaning == MEANS_NOTHING)
        strbuf_why(&probe->fault, "lists everything, even 127.0.0.1 or INVALID");
    probe->clears = meaning == MEANS_NONE;
}

static void take_subject(struct job *job, size_t number, const struct part *part)
{
    struct dnsbl_answer *answer = &job->query->answers.at[part->answer];
    const struct dns_ask *it = &job->batch.asks.at[number];
    strbuf_reset(&answer->why);
    enum meaning meaning = read_answer(answer->zone, it, &answer->why);
    if (meaning >= MEANS_REFUSED)
        return;
    answer->state = meaning == MEANS_LISTED ? DNSBL_LISTED : DNSBL_CLEAR;
    if (meaning != MEANS_LISTED)
        return;
    add_listing(job, answer, it);
    char *name = mem_text_of(it->name, strlen(it->name)); /* asking moves what it points at */
    ask(job, name, DNS_TXT, (struct part){ROLE_REASON, part->probe, part->answer});
    free(name);
}

static void take_reason(struct job *job, size_t number, const struct part *part)
{
    const struct dns_ask *it = &job->batch.asks.at[number];
    if (it->result == DNS_NAME)
        add_reason(&job->query->answers.at[part->answer], strbuf_span(&it->records.text));
}

static void take_answer(struct dns_batch *batch, size_t number)
{
    static void (*const takers[])(struct job * job, size_t number,
                                  const struct part *part) = {[ROLE_LISTED] = take_listed,
                                                              [ROLE_CLEAR] = take_clear,
                                                              [ROLE_SUBJECT] = take_subject,
                                                              [ROLE_REASON] = take_reason};
    struct job *job = batch->arg;
    struct part part = job->parts.at[number];
    takers[part.role](job, number, &part);
}

/* ---- one run ---- */

static void add_answers(struct job *job, const struct dnsbl_zone *zone)
{
    for (size_t i = 0; i < job->query->subjects.len; i++) {
        bool asked = !zone->dead && (zone->kinds & kind_of(&job->query->subjects.at[i])) != 0;
        struct dnsbl_answer *answer = vec_add(&job->query->answers);
        *answer = (struct dnsbl_answer){
            .zone = zone, .subject = i, .state = asked ? DNSBL_NO_ANSWER : DNSBL_NOT_ASKED};
        if (asked)
            strbuf_add_text(&answer->why, NO_TIME);
    }
}

static void add_probes(struct job *job, const struct dnsbl_zone *zone, unsigned needed)
{
    for (size_t i = 0; i < KINDS && !zone->dead; i++)
        if ((zone->kinds & needed & points[i].kind) != 0)
            *vec_add(&job->probes) = (struct probe){.zone = zone,
                                                    .kind = points[i].kind,
                                                    .lists = !zone->has_test,
                                                    .clears = !zone->has_test};
}

static void start(struct job *job)
{
    unsigned needed = 0;
    for (size_t i = 0; i < job->query->subjects.len; i++)
        needed |= kind_of(&job->query->subjects.at[i]);
    for (size_t i = 0; i < job->zones->zones.len; i++) {
        add_answers(job, &job->zones->zones.at[i]);
        add_probes(job, &job->zones->zones.at[i], needed);
    }
    for (size_t i = 0; i < job->probes.len; i++) {
        if (job->probes.at[i].zone->has_test)
            ask_point(job, i, ROLE_LISTED);
        else
            ask_subjects(job, i);
    }
}

/* A zone that failed its test has said nothing. */
static void withdraw(struct job *job, const struct probe *probe)
{
    for (size_t i = 0; i < job->query->subjects.len; i++) {
        if (kind_of(&job->query->subjects.at[i]) != probe->kind)
            continue;
        struct dnsbl_answer *answer = &job->query->answers.at[answer_number(job, probe->zone, i)];
        answer->state = DNSBL_NO_ANSWER;
        strbuf_why(&answer->why, "%s", probe->fault.len > 0 ? probe->fault.data : NO_TIME);
        strbuf_reset(&answer->codes);
        strbuf_reset(&answer->meaning);
        strbuf_reset(&answer->reason);
        vec_clear(&answer->keys);
    }
}

static void finish(struct job *job)
{
    for (size_t i = 0; i < job->probes.len; i++) {
        struct probe *probe = &job->probes.at[i];
        if (!probe->lists || !probe->clears)
            withdraw(job, probe);
        strbuf_clear(&probe->fault);
    }
    vec_clear(&job->probes);
    vec_clear(&job->parts);
    dns_batch_clear(&job->batch);
}

int dnsbl_run(struct dnsbl_query *query, const struct dnsbl_zones *zones, struct strbuf *why)
{
    struct job job = {.query = query, .zones = zones};
    job.batch.answered = take_answer;
    job.batch.arg = &job;
    start(&job);
    int result = dns_batch_run(&job.batch, query->servers, query->deadline_ms, query->try_ms, why);
    finish(&job);
    return result;
}

void dnsbl_query_add(struct dnsbl_query *query, const char *name, const struct addr *addr)
{
    size_t len = strlen(name);
    if (addr == NULL && len > 0 && name[len - 1] == '.')
        len--;
    struct dnsbl_subject subject = {.has_addr = addr != NULL, .name = mem_text_of(name, len)};
    if (addr != NULL)
        subject.addr = *addr;
    *vec_add(&query->subjects) = subject;
}

unsigned dnsbl_listings(const struct dnsbl_query *query, size_t subject)
{
    struct map keys = {0};
    for (size_t i = 0; i < query->answers.len; i++) {
        const struct dnsbl_answer *answer = &query->answers.at[i];
        for (size_t k = 0; k < answer->keys.len; k++)
            if (answer->subject == subject && answer->state == DNSBL_LISTED)
                map_put(&keys, span_text(answer->keys.at[k]), NULL);
    }
    unsigned count = (unsigned)keys.len;
    map_clear(&keys);
    return count;
}

void dnsbl_query_clear(struct dnsbl_query *query)
{
    for (size_t i = 0; i < query->subjects.len; i++)
        free(query->subjects.at[i].name);
    vec_clear(&query->subjects);
    for (size_t i = 0; i < query->answers.len; i++) {
        struct dnsbl_answer *answer = &query->answers.at[i];
        strbuf_clear(&answer->codes);
        strbuf_clear(&answer->meaning);
        strbuf_clear(&answer->reason);
        strbuf_clear(&answer->why);
        vec_clear(&answer->keys);
    }
    vec_clear(&query->answers);
}
