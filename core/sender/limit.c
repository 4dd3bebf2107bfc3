/* limit - rules about how much a sender may send, and the search among them.
 *
 * A rule's class is told by its name alone: "@..." is about a domain, a name with * ? [ is a
 * glob, all others (uid:1001 too) are exact. Exact names and plain domains share one map:
 * a domain's key begins with @, in lower case.
 *
 * limit_of() asks in the order of the contract and takes the first rule that has not
 * expired; rules of the same name are linked from the newest to the oldest, so that an
 * older one shows again when a newer one expires.
 */
#include "spamgear/sender/limit.h"

#include "spamgear/base/text.h"
#include "spamgear/log/zone.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DOMAIN_MAX 255 /* octets, RFC 1035 2.3.4; longer ones are no domains */

/* ---- the words of a rule ---- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Takes the next word off the text; empty at its end. */
static struct span next_word(struct span *text)
{
    while (text->len > 0 && is_blank(*text->at))
        *text = span_skip(*text, 1);
    struct span word = {text->at, 0};
    while (word.len < text->len && !is_blank(text->at[word.len]))
        word.len++;
    *text = span_skip(*text, word.len);
    return word;
}

static int days_of_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

static bool date_part(struct span text, size_t at, size_t len, int low, int high, int *part)
{
    unsigned long long number;
    if (!span_number((struct span){text.at + at, len}, &number))
        return false;
    *part = (int)number; /* at most four digits */
    return *part >= low && *part <= high;
}

/* "2026-12-31" */
static bool parse_date(struct span text, int64_t *expires)
{
    int year, month, day;
    if (text.len != 10 || text.at[4] != '-' || text.at[7] != '-' ||
        !date_part(text, 0, 4, 1970, 9999, &year) || !date_part(text, 5, 2, 1, 12, &month) ||
        !date_part(text, 8, 2, 1, days_of_month(year, month), &day))
        return false;
    *expires = zone_day_end(year, month, day);
    return true;
}

static int parse_value(struct limit_rule *rule, const char *value, struct strbuf *why)
{
    struct span rest = span_text(value), word = next_word(&rest);
    unsigned long long count;
    if (!span_number(word, &count) || count == 0)
        return strbuf_why(why, "a limit is a number of at least 1, not \"%.*s\"", (int)word.len,
                          word.len > 0 ? word.at : "");
    rule->count = count;
    word = next_word(&rest);
    if (word.len == 0)
        return 0;
    struct span date = next_word(&rest), more = next_word(&rest);
    if (!span_is(word, SPAN("until")) || more.len > 0)
        return strbuf_why(why, "only \"until YYYY-MM-DD\" may follow the limit");
    if (!parse_date(date, &rule->expires))
        return strbuf_why(why, "\"%.*s\" is no date of the form YYYY-MM-DD", (int)date.len,
                          date.len > 0 ? date.at : "");
    return 0;
}

/* "uid:1001", or "uid=1001" as Postfix writes it. */
static bool is_uid(struct span name)
{
    return span_has_prefix(name, SPAN("uid:")) || span_has_prefix(name, SPAN("uid="));
}

static int check_name(const char *name, struct strbuf *why)
{
    unsigned long long uid;
    if (*name == '\0')
        return strbuf_why(why, "a limit needs the name of a sender");
    if (strcmp(name, "@") == 0)
        return strbuf_why(why, "\"@\" needs a domain behind it");
    if (is_uid(span_text(name)) && strpbrk(name, "*?[") == NULL &&
        !span_number(span_text(name + 4), &uid))
        return strbuf_why(why, "\"%s\" is no uid: what follows \"uid\" is a number", name);
    return 0;
}

/* ---- the index ---- */

/* The key of a plain domain, "@" in front included; empty when it is too long for one. */
static struct span domain_key(struct span domain, char buf[DOMAIN_MAX + 1])
{
    if (domain.len > DOMAIN_MAX + 1)
        return (struct span){buf, 0};
    for (size_t i = 0; i < domain.len; i++) {
        char c = domain.at[i];
        buf[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    return (struct span){buf, domain.len};
}

static void index_name(struct limits *limits, struct span key, uint32_t number)
{
    bool added;
    uint32_t slot = map_put(&limits->names, key, &added);
    if (added)
        *vec_add(&limits->newest) = MAP_NONE;
    limits->rules.at[number].before = limits->newest.at[slot];
    limits->newest.at[slot] = number;
}

/* Puts the newest rule before all that are not longer: globs are sorted by length. */
static void index_glob(const struct limits *limits, uint32_t *globs, size_t len, uint32_t number)
{
    size_t length = strlen(limits->rules.at[number].pattern), low = 0, high = len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strlen(limits->rules.at[globs[middle]].pattern) > length)
            low = middle + 1;
        else
            high = middle;
    }
    memmove(&globs[low + 1], &globs[low], (len - low) * sizeof *globs);
    globs[low] = number;
}

static void index_rule(struct limits *limits, uint32_t number)
{
    const char *pattern = limits->rules.at[number].pattern;
    bool glob = strpbrk(pattern, "*?[") != NULL;
    char buf[DOMAIN_MAX + 1];
    if (glob && *pattern == '@') {
        vec_add(&limits->domain_globs);
        index_glob(limits, limits->domain_globs.at, limits->domain_globs.len - 1, number);
    } else if (glob) {
        vec_add(&limits->globs);
        index_glob(limits, limits->globs.at, limits->globs.len - 1, number);
    } else if (*pattern == '@') {
        index_name(limits, domain_key(span_text(pattern), buf), number);
    } else {
        index_name(limits, span_text(pattern), number);
    }
}

int limit_add(struct limits *limits, const char *name, const char *value, const char *file,
              unsigned line, struct strbuf *why)
{
    struct limit_rule rule = {.line = line, .before = MAP_NONE};
    if (check_name(name, why) != 0 || parse_value(&rule, value, why) != 0)
        return -1;
    if (*name == '@' && strlen(name) > DOMAIN_MAX + 1)
        return strbuf_why(why, "the domain is longer than a domain can be");
    if (limits->rules.len >= MAP_NONE)
        return strbuf_why(why, "too many limits");
    rule.pattern = mem_text(name);
    if (is_uid(span_text(name)))
        rule.pattern[3] = ':';
    rule.file = mem_text(file);
    *vec_add(&limits->rules) = rule;
    index_rule(limits, (uint32_t)(limits->rules.len - 1));
    return 0;
}

/* ---- the search ---- */

static bool holds(const struct limit_rule *rule, int64_t now)
{
    return rule->expires == 0 || now < rule->expires;
}

static const struct limit_rule *find_name(const struct limits *limits, struct span key, int64_t now)
{
    uint32_t slot = key.len > 0 ? map_get(&limits->names, key) : MAP_NONE;
    uint32_t number = slot == MAP_NONE ? MAP_NONE : limits->newest.at[slot];
    while (number != MAP_NONE && !holds(&limits->rules.at[number], now))
        number = limits->rules.at[number].before;
    return number == MAP_NONE ? NULL : &limits->rules.at[number];
}

static const struct limit_rule *find_glob(const struct limits *limits, const uint32_t *globs,
                                          size_t len, struct span text, int64_t now)
{
    for (size_t i = 0; i < len; i++) {
        const struct limit_rule *rule = &limits->rules.at[globs[i]];
        if (holds(rule, now) && text_glob(rule->pattern, text))
            return rule;
    }
    return NULL;
}

/* "@domain" of a sender, from the last @ on; empty when there is none. */
static struct span domain_of(struct span sender)
{
    const char *at = sender.len > 0 ? memrchr(sender.at, '@', sender.len) : NULL;
    return at == NULL ? (struct span){NULL, 0} : span_of(at, span_end(sender));
}

static const struct limit_rule *find_domain(const struct limits *limits, struct span sender,
                                            int64_t now)
{
    char buf[DOMAIN_MAX + 1];
    struct span key = domain_key(domain_of(sender), buf);
    if (key.len == 0)
        return NULL;
    const struct limit_rule *rule = find_name(limits, key, now);
    return rule != NULL
               ? rule
               : find_glob(limits, limits->domain_globs.at, limits->domain_globs.len, key, now);
}

/* One spelling for uids; longer than any uid is none. */
static struct span one_spelling(struct span sender, char buf[32])
{
    if (sender.len > 32 || !span_has_prefix(sender, SPAN("uid=")))
        return sender;
    memcpy(buf, sender.at, sender.len);
    buf[3] = ':';
    return (struct span){buf, sender.len};
}

uint64_t limit_of(const struct limits *limits, struct span sender, int64_t now,
                  const struct limit_rule **rule)
{
    char buf[32];
    sender = one_spelling(sender, buf);
    const struct limit_rule *found = find_name(limits, sender, now);
    if (found == NULL)
        found = find_glob(limits, limits->globs.at, limits->globs.len, sender, now);
    if (found == NULL)
        found = find_domain(limits, sender, now);
    if (rule != NULL)
        *rule = found;
    return found != NULL ? found->count : limits->standard;
}

/* ---- overrides files ---- */

/* Cuts name and value out of a line, both with NUL behind them. False for a line that says
 * nothing. */
static bool split_line(char *line, char **name, char **value)
{
    line += strspn(line, " \t");
    char *end = line + strcspn(line, "\r\n");
    *end = '\0';
    if (*line == '\0' || *line == '#')
        return false;
    bool quoted = *line == '"' && strchr(line + 1, '"') != NULL;
    *name = line + quoted;
    char *name_end = quoted ? strchr(*name, '"') : *name + strcspn(*name, " \t");
    *value = *name_end == '\0' ? name_end : name_end + 1;
    *name_end = '\0';
    (*value)[strcspn(*value, "#")] = '\0';
    return true;
}

/* Opens only what can be trusted to be read to an end. NULL and *missing when there is none. */
static FILE *open_overrides(const char *path, bool *missing, struct strbuf *why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    *missing = fd < 0 && errno == ENOENT;
    if (fd < 0) {
        strbuf_format(why, "%s: %s", path, strerror(errno));
        return NULL;
    }
    struct stat st;
    const char *trouble = fstat(fd, &st) != 0    ? strerror(errno)
                          : !S_ISREG(st.st_mode) ? "is not a regular file"
                          : geteuid() == 0 && (st.st_uid != 0 || (st.st_mode & 022) != 0)
                              ? "may be written by others than root"
                              : NULL;
    FILE *file = trouble == NULL ? fdopen(fd, "r") : NULL;
    if (file == NULL) {
        strbuf_format(why, "%s: %s", path, trouble != NULL ? trouble : strerror(errno));
        close(fd);
    }
    return file;
}

static int read_line(struct limits *limits, char *text, size_t len, const char *path, unsigned line,
                     struct strbuf *why)
{
    char *name, *value;
    struct strbuf reason = {0};
    int result = 0;
    if (strlen(text) != len)
        result = strbuf_why(&reason, "the line holds a NUL byte");
    else if (split_line(text, &name, &value))
        result = limit_add(limits, name, value, path, line, &reason);
    if (result != 0)
        strbuf_format(why, "%s%s:%u: %s", why->len > 0 ? "\n" : "", path, line,
                      strbuf_text(&reason));
    strbuf_clear(&reason);
    return result;
}

int limit_read_overrides(struct limits *limits, const char *path, struct strbuf *why)
{
    struct strbuf problems = {0};
    bool missing;
    FILE *file = open_overrides(path, &missing, &problems);
    int result = file == NULL && !missing ? -1 : 0;
    char *text = NULL;
    size_t cap = 0;
    ssize_t len;
    for (unsigned line = 1; file != NULL && (len = getline(&text, &cap, file)) >= 0; line++)
        result |= read_line(limits, text, (size_t)len, path, line, &problems);
    if (file != NULL && ferror(file)) {
        strbuf_format(&problems, "%s%s: cannot be read", problems.len > 0 ? "\n" : "", path);
        result = -1;
    }
    if (file != NULL)
        fclose(file);
    free(text);
    if (result != 0)
        strbuf_why(why, "%s", strbuf_text(&problems));
    strbuf_clear(&problems);
    return result;
}

void limit_clear(struct limits *limits)
{
    for (size_t i = 0; i < limits->rules.len; i++) {
        free(limits->rules.at[i].pattern);
        free(limits->rules.at[i].file);
    }
    vec_clear(&limits->rules);
    vec_clear(&limits->newest);
    vec_clear(&limits->globs);
    vec_clear(&limits->domain_globs);
    map_clear(&limits->names);
}
