/* policy - answers from counts that are in memory: no file, no database, no name server is waited
 * for while a mail server waits.
 *
 * What was counted of a message is remembered by a hash of its instance, in two generations of
 * fixed size: the older one is forgotten when the newer one is full.
 */
#include "spamgear/check/policy.h"

#include "spamgear/base/addr.h"
#include "spamgear/base/mem.h"
#include "spamgear/base/text.h"
#include <stdlib.h>

#define SEEN_SLOTS 65536 /* a generation; half of them are used */
#define TELL_MAX   10    /* lines a minute */

/* What the cases say of somebody. */
struct account {
    bool open;
    int64_t let_go;
};

struct policy {
    struct policy_settings settings;
    struct watch *const *watches;
    struct watch *own;
    struct limits unlimited; /* of own: the limits here are not those of a check */
    struct map accounts;
    VEC(struct account) known; /* by number in accounts */
    uint64_t *seen[2];         /* hashes; [0] is filled */
    size_t seen_len;
    struct strbuf name, key;
    struct policy_counts counts;
    int64_t told_minute;
    uint64_t told;
};

/* ---- what may be answered ---- */

int policy_check_action(const char *action, struct strbuf *why)
{
    static const char *const verbs[] = {"DUNNO", "DEFER_IF_PERMIT", "DEFER", "HOLD", "REJECT"};
    struct span text = span_text(action);
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] < ' ' || text.at[i] > '~')
            return strbuf_why(why, "an answer is one line of printable ASCII");
    if (text.len > 500)
        return strbuf_why(why, "an answer has 500 characters at most");
    const char *blank = memchr(text.at, ' ', text.len);
    struct span verb = blank != NULL ? span_of(text.at, blank) : text;
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (span_is(verb, span_text(verbs[i])))
            return 0;
    return strbuf_why(why, "an answer begins with DUNNO, DEFER_IF_PERMIT, DEFER, HOLD or REJECT");
}

/* Will the mail server take the message all the same? */
static bool lets_in(const char *action)
{
    return strncmp(action, "HOLD", 4) == 0 || strncmp(action, "DUNNO", 5) == 0;
}

/* ---- one policy ---- */

struct policy *policy_new(const struct policy_settings *settings, struct watch *const *watches)
{
    struct policy *policy = mem_zero(1, sizeof *policy);
    policy->settings = *settings;
    policy->watches = watches;
    policy->unlimited.standard = UINT64_MAX;
    const struct watch_settings own = {.period_s = settings->period_s,
                                       .limits = &policy->unlimited};
    policy->own = watch_new(&own);
    for (int i = 0; i < 2; i++)
        policy->seen[i] = mem_zero(SEEN_SLOTS, sizeof *policy->seen[i]);
    return policy;
}

void policy_free(struct policy *policy)
{
    if (policy == NULL)
        return;
    watch_free(policy->own);
    map_clear(&policy->accounts);
    vec_clear(&policy->known);
    free(policy->seen[0]);
    free(policy->seen[1]);
    strbuf_clear(&policy->name);
    strbuf_clear(&policy->key);
    free(policy);
}

void policy_set_account(struct policy *policy, struct span account, bool open, int64_t let_go)
{
    bool added;
    uint32_t number = map_put(&policy->accounts, account, &added);
    if (added)
        (void)vec_add(&policy->known);
    policy->known.at[number] = (struct account){open, let_go};
}

void policy_forget_accounts(struct policy *policy)
{
    map_clear(&policy->accounts);
    vec_clear(&policy->known);
}

struct watch *policy_watch(struct policy *policy)
{
    return policy->own;
}

void policy_tick(struct policy *policy, int64_t now)
{
    watch_tick(policy->own, now);
}

void policy_look(const struct policy *policy, struct policy_counts *counts)
{
    struct watch_counts own;
    watch_look(policy->own, &own);
    *counts = policy->counts;
    counts->senders = own.senders;
}

/* ---- telling ---- */

static void tell(struct policy *policy, int64_t now, struct strbuf *line)
{
    if (policy->told_minute != now / 60) {
        policy->told_minute = now / 60;
        policy->told = 0;
    }
    policy->told++;
    if (policy->told == TELL_MAX)
        strbuf_add_text(line, " (no more of these are told in this minute)");
    if (policy->settings.tell != NULL && policy->told <= TELL_MAX)
        policy->settings.tell(policy->settings.state, strbuf_text(line));
    strbuf_clear(line);
}

void policy_bad(struct policy *policy, int64_t now)
{
    struct strbuf line = {0};
    policy->counts.bad++;
    strbuf_add_text(&line, "policy: what somebody sent is no request of a mail server: answered "
                           "DUNNO");
    tell(policy, now, &line);
}

/* ---- what was counted already ---- */

static uint64_t *place_of(uint64_t *slots, uint64_t hash)
{
    size_t at = hash % SEEN_SLOTS;
    while (slots[at] != 0 && slots[at] != hash)
        at = (at + 1) % SEEN_SLOTS;
    return &slots[at];
}

static bool was_seen(const struct policy *policy, uint64_t hash)
{
    return hash != 0 &&
           (*place_of(policy->seen[0], hash) == hash || *place_of(policy->seen[1], hash) == hash);
}

static void set_seen(struct policy *policy, uint64_t hash)
{
    if (hash == 0 || was_seen(policy, hash))
        return;
    if (policy->seen_len == SEEN_SLOTS / 2) {
        uint64_t *older = policy->seen[1];
        policy->seen[1] = policy->seen[0];
        policy->seen[0] = older;
        memset(older, 0, SEEN_SLOTS * sizeof *older);
        policy->seen_len = 0;
    }
    *place_of(policy->seen[0], hash) = hash;
    policy->seen_len++;
}

/* Of a message (its recipients, or one of them): 0 when the mail server does not say which. */
static uint64_t key_of(struct policy *policy, const struct policy_request *request, char what,
                       struct span recipient)
{
    if (request->instance.len == 0)
        return 0;
    strbuf_reset(&policy->key);
    strbuf_add_char(&policy->key, what);
    strbuf_add_span(&policy->key, request->instance);
    strbuf_add_char(&policy->key, '\0');
    strbuf_add_span(&policy->key, strbuf_span(&policy->name));
    strbuf_add_char(&policy->key, '\0');
    strbuf_add_span(&policy->key, recipient);
    uint64_t hash = map_hash(policy->key.data, policy->key.len);
    return hash != 0 ? hash : 1;
}

/* ---- rates ---- */

struct asked {
    bool rcpt, data;
    uint64_t message, all, one; /* keys: of the message, of its recipients, of this recipient */
    struct watch_sum more;      /* than what is counted already */
};

static void read_asked(struct policy *policy, const struct policy_request *request,
                       struct asked *asked)
{
    const struct span none = {0};
    *asked = (struct asked){.rcpt = span_is(request->protocol_state, SPAN("RCPT")),
                            .data = span_is(request->protocol_state, SPAN("DATA")) ||
                                    span_is(request->protocol_state, SPAN("END-OF-MESSAGE"))};
    if (!asked->rcpt && !asked->data)
        return;
    asked->message = key_of(policy, request, 'm', none);
    asked->all = key_of(policy, request, 'a', none);
    asked->more.messages = !was_seen(policy, asked->message);
    if (asked->rcpt) {
        asked->one = key_of(policy, request, 'r', request->recipient);
        asked->more.recipients = !was_seen(policy, asked->one);
    } else if (asked->all != 0 && !was_seen(policy, asked->all))
        asked->more.recipients = request->recipient_count; /* nobody asked at RCPT time */
}

static bool is_above(uint64_t have, uint64_t more, uint64_t limit)
{
    return limit > 0 && more > 0 && (more > limit || have > limit - more);
}

static bool is_over_rates(const struct policy *policy, const struct asked *asked, int64_t after,
                          int64_t now)
{
    uint64_t messages = policy->settings.messages, recipients = policy->settings.recipients;
    const struct limit_rule *rule = NULL;
    struct span name = strbuf_span(&policy->name);
    if (policy->settings.overrides != NULL)
        limit_of(policy->settings.overrides, name, now, &rule);
    if (rule != NULL) {
        messages = rule->count;
        if (recipients != 0 && recipients < rule->count)
            recipients = rule->count;
    }
    struct watch_sum sum = watch_sum(policy->own, SENDER_SASL, name, after, now);
    return is_above(sum.messages, asked->more.messages, messages) ||
           is_above(sum.recipients, asked->more.recipients, recipients);
}

/* A message is counted when its data are about to come: before, it may not become one. */
static void count(struct policy *policy, const struct asked *asked, int64_t now)
{
    uint64_t messages = asked->data ? asked->more.messages : 0;
    if (messages > 0 || asked->more.recipients > 0)
        watch_count(policy->own, SENDER_SASL, strbuf_span(&policy->name), now, messages,
                    asked->more.recipients);
    set_seen(policy, asked->all);
    set_seen(policy, asked->one);
    if (asked->data)
        set_seen(policy, asked->message);
}

/* ---- deciding ---- */

/* The name as Postfix writes it into the log: what cannot be printed is a question mark. */
static void read_name(struct policy *policy, struct span name)
{
    strbuf_reset(&policy->name);
    while (name.len > 0) {
        size_t len = text_utf8(name);
        unsigned char c = (unsigned char)*name.at;
        if (len == 0 || c < ' ' || c == 0x7f)
            strbuf_add_char(&policy->name, '?');
        else
            strbuf_add(&policy->name, name.at, len);
        name = span_skip(name, len > 0 ? len : 1);
    }
}

static bool is_own(const struct policy *policy, struct span client)
{
    struct addr addr;
    return policy->settings.own_len > 0 && addr_parse(client, &addr) &&
           prefixes_hold(policy->settings.own, policy->settings.own_len, &addr);
}

static bool is_over_logs(const struct policy *policy, enum sender_kind kind, struct span name,
                         int64_t after, int64_t now)
{
    for (size_t i = 0; policy->watches != NULL && policy->watches[i] != NULL; i++)
        if (watch_is_over(policy->watches[i], kind, name, after, now))
            return true;
    return false;
}

/* A moment that has yet to come is of a clock that was wrong. */
static struct account account_of(const struct policy *policy, int64_t now)
{
    uint32_t number = map_get(&policy->accounts, strbuf_span(&policy->name));
    struct account account = {0};
    if (number != MAP_NONE)
        account = policy->known.at[number];
    if (account.let_go > now)
        account.let_go = 0;
    return account;
}

/* Why somebody is not let in just so; NULL: he is. */
static const char *judge_user(struct policy *policy, const struct policy_request *request,
                              int64_t now, const char **action)
{
    struct span name = strbuf_span(&policy->name);
    struct asked asked;
    const struct account account = account_of(policy, now);
    const char *reason = NULL;
    read_asked(policy, request, &asked);
    *action = policy->settings.action;
    if (account.open && policy->settings.case_action != NULL) {
        reason = "has an open case";
        *action = policy->settings.case_action;
    } else if (is_over_logs(policy, SENDER_SASL, name, account.let_go, now) ||
               is_over_logs(policy, SENDER_WEBMAIL, name, account.let_go, now))
        reason = "is over the limit of the logs";
    else if (is_over_rates(policy, &asked, account.let_go, now))
        reason = "is over the rate";
    if (reason == NULL || policy->settings.dry || lets_in(*action))
        count(policy, &asked, now);
    return reason;
}

static const char *judge(struct policy *policy, const struct policy_request *request, int64_t now,
                         const char **action)
{
    if (is_own(policy, request->client_address))
        return NULL;
    if (request->sasl_username.len > 0) {
        read_name(policy, request->sasl_username);
        return judge_user(policy, request, now, action);
    }
    *action = policy->settings.action;
    return policy->settings.hosts &&
                   is_over_logs(policy, SENDER_HOST, request->client_address, 0, now)
               ? "is over the limit of the logs"
               : NULL;
}

static void tell_dry(struct policy *policy, const struct policy_request *request,
                     const char *reason, const char *action, int64_t now)
{
    struct strbuf line = {0};
    strbuf_add_text(&line, "policy: ");
    if (request->sasl_username.len > 0)
        text_escape(&line, strbuf_span(&policy->name));
    else
        text_escape(&line, request->client_address);
    strbuf_format(&line, " %s: would be answered \"%s\"", reason, action);
    tell(policy, now, &line);
}

void policy_decide(struct policy *policy, const struct policy_request *request, int64_t now,
                   struct strbuf *action)
{
    const char *text = NULL;
    const char *reason = judge(policy, request, now, &text);
    bool in_case = reason != NULL && text == policy->settings.case_action;
    policy->counts.requests++;
    policy->counts.in_case += in_case;
    policy->counts.over += reason != NULL && !in_case;
    if (reason != NULL && policy->settings.dry)
        tell_dry(policy, request, reason, text, now);
    if (reason == NULL || policy->settings.dry) {
        policy->counts.dunno++;
        strbuf_add_text(action, "DUNNO");
    } else
        strbuf_add_text(action, text);
}
