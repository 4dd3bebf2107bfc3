/* regex - the only file that knows PCRE2.
 *
 * Compiled patterns live in one list, found by their text through a map. What a match
 * writes to (match data, limits, JIT stack) belongs to the thread that matches and is
 * freed when the thread ends, so compiled patterns are written to once at most: when a lazy one
 * gets its machine code. That happens behind a lock, while others go on with the interpreter.
 *
 * The literal for the fast path is read off the pattern's text. It may be shorter than what
 * a human would find, but it must never be wrong: whatever the reader does not know for
 * certain (options inside the pattern, verbs, quoting, code points by number, conditions)
 * makes it answer "none".
 */
#include "spamgear/match/regex.h"

#include "spamgear/base/map.h"
#include "spamgear/base/vec.h"
#include "spamgear/match/needed.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <pthread.h>
#include <stdatomic.h>

#define MATCH_LIMIT   1000000
#define HEAP_LIMIT_KB 20000
#define WORTH_CODE    (16 * 1024) /* bytes of text; before, the interpreter costs less */
#define STACK_FIRST   (32 * 1024)
#define STACK_MOST    (1024 * 1024)

struct regex {
    pcre2_code *code;
    atomic_bool ready;  /* has its machine code, or cannot have any */
    atomic_size_t read; /* bytes of text, before that */
    char *literal;      /* read off the pattern's text (match/needed.h); NULL when there is none */
    uint32_t groups;
    uint32_t limit; /* of a pattern that is thrown away; 0: one of the cache */
};

static pthread_mutex_t readying = PTHREAD_MUTEX_INITIALIZER;
static struct map cache_names;
static VEC(struct regex *) cache;

/* ---- what a thread matches with ---- */

struct workbench {
    pcre2_match_context *context;
    pcre2_jit_stack *stack;
    pcre2_match_data *data;
    uint32_t groups; /* that data has room for */
};

static pthread_key_t workbench_key;
static pthread_once_t workbench_once = PTHREAD_ONCE_INIT;

static void workbench_free(void *at)
{
    struct workbench *bench = at;
    if (bench == NULL)
        return;
    pcre2_match_data_free(bench->data);
    pcre2_jit_stack_free(bench->stack);
    pcre2_match_context_free(bench->context);
    free(bench);
}

static void workbench_make_key(void)
{
    pthread_key_create(&workbench_key, workbench_free);
}

static struct workbench *workbench_new(void)
{
    struct workbench *bench = mem_zero(1, sizeof *bench);
    bench->context = pcre2_match_context_create(NULL);
    bench->stack = pcre2_jit_stack_create(STACK_FIRST, STACK_MOST, NULL);
    if (bench->context != NULL) {
        pcre2_set_match_limit(bench->context, MATCH_LIMIT);
        pcre2_set_heap_limit(bench->context, HEAP_LIMIT_KB);
        if (bench->stack != NULL)
            pcre2_jit_stack_assign(bench->context, NULL, bench->stack);
    }
    pthread_setspecific(workbench_key, bench);
    return bench;
}

/* This thread's workbench with room for the groups; NULL without memory. */
static struct workbench *workbench_get(uint32_t groups)
{
    pthread_once(&workbench_once, workbench_make_key);
    struct workbench *bench = pthread_getspecific(workbench_key);
    if (bench == NULL)
        bench = workbench_new();
    if (bench->data == NULL || bench->groups < groups) {
        pcre2_match_data_free(bench->data);
        bench->data = pcre2_match_data_create(groups, NULL);
        bench->groups = groups;
    }
    /* Matching without the limits would be worse than not matching. */
    return bench->context != NULL && bench->data != NULL ? bench : NULL;
}

/* ---- the interface ---- */

static pcre2_code *compile(const char *pattern, uint32_t options, struct strbuf *why)
{
    int error;
    PCRE2_SIZE offset;
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
                                     PCRE2_NEVER_UTF | options, &error, &offset, NULL);
    if (code == NULL) {
        PCRE2_UCHAR text[256];
        pcre2_get_error_message(error, text, sizeof text);
        strbuf_why(why, "offset %zu: %s", (size_t)offset, (const char *)text);
        return NULL;
    }
    return code;
}

static bool is_ready(const struct regex *regex)
{
    return atomic_load_explicit(&regex->ready, memory_order_acquire);
}

/* Without JIT (not built in, no memory that may be run) the interpreter works as well. */
static void make_ready(struct regex *regex)
{
    pthread_mutex_lock(&readying);
    if (!is_ready(regex))
        pcre2_jit_compile(regex->code, PCRE2_JIT_COMPLETE);
    atomic_store_explicit(&regex->ready, true, memory_order_release);
    pthread_mutex_unlock(&readying);
}

/* Will read that much text. "const" promises what a match finds, not how. */
static void expect(const struct regex *regex, size_t len)
{
    struct regex *own = (struct regex *)(uintptr_t)regex;
    if (is_ready(regex) || regex->limit > 0)
        return;
    if (atomic_fetch_add_explicit(&own->read, len, memory_order_relaxed) + len >= WORTH_CODE)
        make_ready(own);
}

/* Owned text, NULL when no literal is known or when it holds NUL, as no string could. */
static char *literal_of(const char *pattern)
{
    struct needed needed = {0};
    needed_read(&needed, pattern);
    struct span best = needed_longest(&needed);
    char *literal = best.len == 0 || memchr(best.at, '\0', best.len) != NULL
                        ? NULL
                        : mem_text_of(best.at, best.len);
    needed_clear(&needed);
    return literal;
}

static struct regex *regex_new(pcre2_code *code, const char *pattern)
{
    struct regex *regex = mem_zero(1, sizeof *regex);
    regex->code = code;
    regex->literal = literal_of(pattern);
    pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &regex->groups);
    regex->groups++; /* the whole match */
    return regex;
}

/* The key in the cache is the pattern behind a byte that tells how it was compiled. */
static struct regex *get(const char *pattern, char how, uint32_t options, struct strbuf *why)
{
    struct strbuf key = {0};
    strbuf_add_char(&key, how);
    strbuf_add_text(&key, pattern);
    uint32_t number = map_get(&cache_names, strbuf_span(&key));
    pcre2_code *code = number == MAP_NONE ? compile(pattern, options, why) : NULL;
    if (code != NULL) {
        number = map_put(&cache_names, strbuf_span(&key), NULL);
        *vec_add(&cache) = regex_new(code, pattern);
    }
    strbuf_clear(&key);
    return number == MAP_NONE ? NULL : cache.at[number];
}

static const struct regex *get_ready(const char *pattern, char how, uint32_t options,
                                     struct strbuf *why)
{
    struct regex *regex = get(pattern, how, options, why);
    if (regex != NULL)
        make_ready(regex);
    return regex;
}

const struct regex *regex_get(const char *pattern, struct strbuf *why)
{
    return get_ready(pattern, ' ', 0, why);
}

const struct regex *regex_get_anchored(const char *pattern, struct strbuf *why)
{
    return get_ready(pattern, '^', PCRE2_ANCHORED, why);
}

const struct regex *regex_get_lazy(const char *pattern, struct strbuf *why)
{
    return get(pattern, ' ', 0, why);
}

struct regex *regex_make(struct span pattern, unsigned options, uint32_t limit)
{
    static const struct {
        unsigned option;
        uint32_t pcre2;
    } rows[] = {{REGEX_NOCASE, PCRE2_CASELESS},      {REGEX_MULTILINE, PCRE2_MULTILINE},
                {REGEX_DOTALL, PCRE2_DOTALL},        {REGEX_EXTENDED, PCRE2_EXTENDED},
                {REGEX_ANCHORED, PCRE2_ANCHORED},    {REGEX_UNGREEDY, PCRE2_UNGREEDY},
                {REGEX_DOLLAR, PCRE2_DOLLAR_ENDONLY}};
    uint32_t flags = PCRE2_NEVER_UTF | PCRE2_NEVER_BACKSLASH_C;
    int error;
    PCRE2_SIZE offset;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (options & rows[i].option)
            flags |= rows[i].pcre2;
    pcre2_code *code =
        pcre2_compile((PCRE2_SPTR)pattern.at, pattern.len, flags, &error, &offset, NULL);
    if (code == NULL)
        return NULL;
    struct regex *regex = mem_zero(1, sizeof *regex);
    regex->code = code;
    regex->limit = limit;
    pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &regex->groups);
    regex->groups++;
    return regex;
}

void regex_drop(struct regex *regex)
{
    if (regex != NULL)
        pcre2_code_free(regex->code);
    free(regex);
}

/* Where a \K in a look-ahead puts the start behind the end, the group counts as unset. */
static void copy_groups(pcre2_match_data *data, uint32_t known, struct span subject,
                        struct span *groups, size_t count)
{
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(data);
    for (size_t i = 0; i < count; i++) {
        bool set = i < known && at[2 * i] != PCRE2_UNSET && at[2 * i] <= at[2 * i + 1];
        groups[i] = set ? (struct span){subject.at + at[2 * i], at[2 * i + 1] - at[2 * i]}
                        : (struct span){NULL, 0};
    }
}

static enum regex_result match_from(const struct regex *regex, struct span subject, size_t from,
                                    struct span *groups, size_t count)
{
    struct workbench *bench = workbench_get(regex->groups);
    if (bench == NULL)
        return REGEX_GAVE_UP;
    pcre2_set_match_limit(bench->context, regex->limit > 0 ? regex->limit : MATCH_LIMIT);
    uint32_t options = is_ready(regex) ? 0 : PCRE2_NO_JIT; /* another thread may be making it */
    int found = pcre2_match(regex->code, (PCRE2_SPTR)subject.at, subject.len, from, options,
                            bench->data, bench->context);
    if (found == PCRE2_ERROR_NOMATCH)
        return REGEX_NO_MATCH;
    if (found < 0)
        return REGEX_GAVE_UP;
    if (groups != NULL)
        copy_groups(bench->data, (uint32_t)found, subject, groups, count);
    return REGEX_MATCH;
}

enum regex_result regex_match(const struct regex *regex, struct span subject, struct span *groups,
                              size_t count)
{
    expect(regex, subject.len);
    return match_from(regex, subject.at == NULL ? SPAN("") : subject, 0, groups, count);
}

enum regex_result regex_find(const struct regex *regex, struct span subject, size_t from,
                             struct span *groups, size_t count)
{
    if (from > subject.len)
        return REGEX_NO_MATCH;
    if (subject.at == NULL)
        subject = SPAN("");
    expect(regex, subject.len - from);
    enum regex_result result = match_from(regex, subject, from, groups, count);
    if (result == REGEX_MATCH && (groups[0].at == NULL || groups[0].at < subject.at + from))
        return REGEX_GAVE_UP; /* \K in a look-around */
    return result;
}

int regex_group(const struct regex *regex, const char *name)
{
    int number = pcre2_substring_number_from_name(regex->code, (PCRE2_SPTR)name);
    return number > 0 ? number : -1;
}

size_t regex_group_count(const struct regex *regex)
{
    return regex->groups;
}

/* PCRE2's name table: entries of one size, the group's number in two bytes and its name. */
const char *regex_group_name(const struct regex *regex, size_t number)
{
    PCRE2_SPTR table;
    uint32_t count, size;
    pcre2_pattern_info(regex->code, PCRE2_INFO_NAMETABLE, &table);
    pcre2_pattern_info(regex->code, PCRE2_INFO_NAMECOUNT, &count);
    pcre2_pattern_info(regex->code, PCRE2_INFO_NAMEENTRYSIZE, &size);
    for (; count > 0; count--, table += size)
        if (((size_t)table[0] << 8 | table[1]) == number)
            return (const char *)table + 2;
    return NULL;
}

struct span regex_literal(const struct regex *regex)
{
    return span_text(regex->literal);
}

void regex_clear_all(void)
{
    for (size_t i = 0; i < cache.len; i++) {
        pcre2_code_free(cache.at[i]->code);
        free(cache.at[i]->literal);
        free(cache.at[i]);
    }
    vec_clear(&cache);
    map_clear(&cache_names);
    pthread_once(&workbench_once, workbench_make_key);
    workbench_free(pthread_getspecific(workbench_key));
    pthread_setspecific(workbench_key, NULL);
}

const char *regex_version(void)
{
    static char text[64];
    if (pcre2_config(PCRE2_CONFIG_VERSION, NULL) <= (int)sizeof text)
        pcre2_config(PCRE2_CONFIG_VERSION, text);
    return text;
}
