/* pure - the table of PHP's pure functions, and what a call makes of its arguments' marks. */
#include "named.h"
#include "pure_parts.h"

#include "spamgear/base/digest.h"
#include "spamgear/base/inflate.h"
#include <pthread.h>
#include <stdlib.h>

/* ---- the table ---- */

#define MOST      512
#define NAME_MOST 32

static const struct php_pure *const tables[] = {pure_decoders, pure_packers, pure_texts,
                                                pure_searches, pure_formats, pure_arrays,
                                                pure_numbers,  pure_serials, pure_patterns};

static const struct php_pure *sorted[MOST];
static const char *sorted_names[MOST];
static size_t sorted_count;
static struct named sorted_index;
static pthread_once_t sorted_once = PTHREAD_ONCE_INIT;

static int by_name(const void *a, const void *b)
{
    const struct php_pure *const *left = a, *const *right = b;
    return strcmp((*left)->name, (*right)->name);
}

static void sort_tables(void)
{
    for (size_t t = 0; t < sizeof tables / sizeof *tables; t++)
        for (const struct php_pure *row = tables[t]; row->name != NULL; row++)
            if (sorted_count < MOST)
                sorted[sorted_count++] = row;
    qsort(sorted, sorted_count, sizeof *sorted, by_name);
    for (size_t i = 0; i < sorted_count; i++) {
        sorted_names[i] = sorted[i]->name;
        named_add(&sorted_index, sorted[i]->name, (uint32_t)i);
    }
}

const struct php_pure *php_pure_find(struct span name)
{
    char lower[NAME_MOST + 1] = "";
    if (name.len > 0 && name.at[0] == '\\')
        name = span_skip(name, 1);
    if (name.len == 0 || name.len > NAME_MOST || memchr(name.at, '\0', name.len) != NULL)
        return NULL;
    for (size_t i = 0; i < name.len; i++)
        lower[i] = pure_lower(name.at[i]);
    pthread_once(&sorted_once, sort_tables);
    uint32_t number = named_find(&sorted_index, lower, name.len);
    return number == 0 ? NULL : sorted[number - 1];
}

const char *const *php_pure_names(size_t *count)
{
    pthread_once(&sorted_once, sort_tables);
    *count = sorted_count;
    return sorted_names;
}

int php_pure_load(struct strbuf *why)
{
    struct strbuf other = {0};
    int inflates = inflate_load(why), digests = digest_load(inflates == 0 ? why : &other);
    strbuf_clear(&other);
    return inflates == 0 && digests == 0 ? 0 : -1;
}

/* ---- what bytes say ---- */

#define OF_BYTES (PHP_HAS_PHP | PHP_HAS_PREFIX | PHP_HAS_CODE_NAME | PHP_HAS_SAFE_NAME | PHP_IS_URL)
#define PROMISES                                                                                   \
    (PHP_IS_NUMBER | PHP_IS_HASH | PHP_IS_SHELL_QUOTED | PHP_IS_HTML_QUOTED | PHP_IS_BASENAME |    \
     PHP_IS_CHECKED | PHP_IS_TEMPORARY)

void php_value_look(struct php_value *value)
{
    if (value->type != PHP_TEXT)
        return;
    struct span text = php_text_span(value->text);
    value->traits &= (uint16_t)~OF_BYTES;
    value->traits |= (uint16_t)(php_text_tail(text) | (php_text_has_php(text) ? PHP_HAS_PHP : 0) |
                                (php_text_is_url(text) ? PHP_IS_URL : 0));
}

/* ---- calls ---- */

/* The marks of all arguments on a value without content. */
static struct php_value joined(struct php_heap *heap, const struct php_value *args, size_t count,
                               bool deep)
{
    struct php_value marks = php_unknown();
    for (size_t i = 0; i < count; i++) {
        struct php_value inside;
        php_value_mark(&marks, &args[i]);
        if (!deep || args[i].type != PHP_ARRAY)
            continue;
        inside = php_array_summary(heap, args[i].array);
        php_value_mark(&marks, &inside);
    }
    return marks;
}

static void set_content(struct php_value *marks, const struct php_value *content)
{
    struct php_value whole = *content;
    whole.made = marks->made;
    whole.hops = marks->hops;
    whole.traits = marks->traits;
    whole.calls = marks->calls;
    whole.taint = marks->taint;
    whole.trail = marks->trail;
    *marks = whole;
}

static uint16_t traits_of(uint8_t traits)
{
    static const struct {
        uint8_t pure;
        uint16_t value;
    } rows[] = {{PHP_PURE_HIDES, PHP_IS_DECODED | PHP_IS_ALTERED},
                {PHP_PURE_BUILDS, PHP_IS_ALTERED},
                {PHP_PURE_NUMBER, PHP_IS_NUMBER},
                {PHP_PURE_HASH, PHP_IS_HASH},
                {PHP_PURE_HTML, PHP_IS_HTML_QUOTED},
                {PHP_PURE_BASENAME, PHP_IS_BASENAME}};
    uint16_t all = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (traits & rows[i].pure)
            all |= rows[i].value;
    return all;
}

/* A decoder's promises end with what it was given. */
static void add_function(struct php_value *value, const struct php_pure *pure)
{
    if (pure->traits & PHP_PURE_HIDES)
        value->traits &= (uint16_t)~PROMISES;
    value->traits |= traits_of(pure->traits);
    if ((pure->traits & (PHP_PURE_HIDES | PHP_PURE_BUILDS)) && value->made < UINT8_MAX)
        value->made++;
}

/* Pieces of a text have its marks. */
static void mark_elements(struct php_array *array, const struct php_value *marks)
{
    for (uint32_t i = 0; i < array->len; i++) {
        struct php_value *piece = &array->at[i].value;
        php_value_mark(piece, marks);
        if (piece->type == PHP_TEXT)
            php_value_look(piece);
    }
}

static bool has_array(const struct php_value *args, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (args[i].type == PHP_ARRAY)
            return true;
    return false;
}

struct php_value php_pure_call(struct php_heap *heap, const struct php_pure *pure,
                               const struct php_value *args, size_t count)
{
    struct php_value content = php_unknown();
    struct pure call = {heap, args, count, &content};
    const char *before = heap->spent;
    heap->spent = NULL;
    bool told = count >= pure->least && (pure->most == PHP_PURE_ANY || count <= pure->most) &&
                php_heap_step(heap, 1) && pure->compute(&call) && heap->spent == NULL;
    heap->refused += heap->spent != NULL;
    heap->spent = heap->spent == NULL ? before : heap->spent;
    if (!told)
        content = php_unknown();
    bool deep = !(pure->traits & PHP_PURE_NUMBER) && content.type != PHP_ARRAY;
    struct php_value result = joined(heap, args, count, deep);
    set_content(&result, &content);
    add_function(&result, pure);
    result.traits &=
        (uint16_t) ~(told ? OF_BYTES : PHP_HAS_PREFIX | PHP_HAS_SAFE_NAME | PHP_IS_URL);
    php_value_look(&result);
    if (result.type == PHP_ARRAY && !has_array(args, count))
        mark_elements(result.array, &result);
    return result;
}
