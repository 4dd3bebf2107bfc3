/* limit - an overrides file, then senders. First a line of senders parted by commas, then the
 * file. Whatever the rules are, the index must answer as a walk over all of them does. */
#include "spamgear/sender/limit.h"

#include "spamgear/base/text.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOW 1795284000

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void check(bool ok)
{
    if (!ok)
        abort();
}

static int lower(char c)
{
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

static bool is_domain_of(const char *pattern, struct span sender)
{
    const char *at = sender.len > 0 ? memrchr(sender.at, '@', sender.len) : NULL;
    if (at == NULL || strlen(pattern) != (size_t)(span_end(sender) - at) || strlen(pattern) > 256)
        return false;
    for (size_t i = 0; pattern[i] != '\0'; i++)
        if (lower(pattern[i]) != lower(at[i]))
            return false;
    return true;
}

/* How particular a rule is about a sender; 0 when it is not about it. */
static size_t rank(const struct limit_rule *rule, struct span sender)
{
    const char *pattern = rule->pattern;
    size_t length = strlen(pattern);
    bool glob = strpbrk(pattern, "*?[") != NULL;
    struct span key = sender;
    char *domain = NULL;
    if (!glob && span_is(span_text(pattern), sender) && *pattern != '@')
        return SIZE_MAX;
    if (!glob)
        return *pattern == '@' && is_domain_of(pattern, sender) ? 1000000 : 0;
    if (*pattern == '@') {
        const char *at = sender.len > 0 ? memrchr(sender.at, '@', sender.len) : NULL;
        if (at == NULL || span_end(sender) - at > 256)
            return 0;
        key = span_of(at, span_end(sender));
        domain = mem_text_of(key.at, key.len);
        for (size_t i = 0; i < key.len; i++)
            domain[i] = (char)lower(domain[i]);
        key.at = domain;
    }
    bool fits = text_glob(pattern, key);
    free(domain);
    return !fits ? 0 : *pattern == '@' ? 1 + length : 2000000 + length;
}

static const struct limit_rule *walk(const struct limits *limits, struct span sender)
{
    const struct limit_rule *best = NULL;
    size_t best_rank = 0;
    for (size_t i = 0; i < limits->rules.len; i++) {
        const struct limit_rule *rule = &limits->rules.at[i];
        size_t its = rule->expires == 0 || NOW < rule->expires ? rank(rule, sender) : 0;
        if (its > 0 && its >= best_rank) {
            best = rule;
            best_rank = its;
        }
    }
    return best;
}

static void check_sender(const struct limits *limits, struct span sender)
{
    const struct limit_rule *rule = NULL;
    bool plain = !span_has_prefix(sender, SPAN("uid=")) && !span_has_prefix(sender, SPAN("@"));
    uint64_t count = limit_of(limits, sender, NOW, &rule);
    check(count == (rule != NULL ? rule->count : limits->standard));
    check(rule == NULL || rule->expires == 0 || rule->expires > NOW);
    check(!plain || rule == walk(limits, sender));
}

static void check_senders(const struct limits *limits, struct span senders)
{
    while (senders.len > 0) {
        const char *comma = memchr(senders.at, ',', senders.len);
        struct span sender = comma == NULL ? senders : span_of(senders.at, comma);
        senders = span_skip(senders, sender.len + (comma != NULL));
        check_sender(limits, sender);
    }
}

static void check_rules(const struct limits *limits)
{
    for (size_t i = 0; i < limits->rules.len; i++) {
        const struct limit_rule *rule = &limits->rules.at[i];
        check(rule->count > 0 && *rule->pattern != '\0' && rule->line > 0);
        check(rule->before == MAP_NONE || rule->before < i);
    }
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    if (size == 0 || size > 4096)
        return 0;
    struct span all = {(const char *)data, size};
    const char *newline = memchr(all.at, '\n', all.len);
    struct span senders = newline == NULL ? all : span_of(all.at, newline);
    struct span file = span_skip(all, senders.len + (newline != NULL));
    struct limits limits = {.standard = 90};
    struct strbuf why = {0};
    char path[40];
    int fd = memfd_create("limits", MFD_CLOEXEC);
    check(fd >= 0 && write(fd, file.at, file.len) == (ssize_t)file.len && fchmod(fd, 0600) == 0);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int result = limit_read_overrides(&limits, path, &why);
    check((result == 0) == (why.len == 0));
    check_rules(&limits);
    check_senders(&limits, senders);
    limit_clear(&limits);
    strbuf_clear(&why);
    close(fd);
    return 0;
}
