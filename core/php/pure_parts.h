/* pure_parts - what PHP's pure functions share: how they read arguments and give results.
 *
 * A function gets a `struct pure`: its arguments, where its result goes, the heap. It returns
 * false when the result cannot be told; what it wrote to the result is forgotten then. Readers of
 * arguments convert as PHP does for its internal functions, and refuse where PHP 8 throws.
 */
#ifndef SPAMGEAR_CORE_PHP_PURE_PARTS_H
#define SPAMGEAR_CORE_PHP_PURE_PARTS_H

#include "spamgear/base/strbuf.h"
#include "spamgear/php/pure.h"

struct pure {
    struct php_heap *heap;
    const struct php_value *args;
    size_t count;
    struct php_value *result;
};

/* The tables; a row without a name ends each. */
extern const struct php_pure pure_decoders[], pure_packers[], pure_texts[], pure_searches[],
    pure_formats[], pure_arrays[], pure_numbers[], pure_serials[], pure_patterns[];

/* ---- arguments; all false: cannot be told ---- */

/* Pays for work on that many bytes. */
bool pure_pay(const struct pure *p, size_t bytes);
/* An argument as text, unpaid: for what looks at a few of its bytes. */
bool pure_span(const struct pure *p, size_t i, struct span *out);
/* The same, and pays for reading all of it. */
bool pure_read(const struct pure *p, size_t i, struct span *out);
bool pure_value_span(const struct pure *p, const struct php_value *value, struct span *out);
/* Where there is no such argument the fallback. */
bool pure_read_or(const struct pure *p, size_t i, struct span fallback, struct span *out);
bool pure_int(const struct pure *p, size_t i, int64_t *out);
/* The fallback also for null. */
bool pure_int_or(const struct pure *p, size_t i, int64_t fallback, int64_t *out);
bool pure_float(const struct pure *p, size_t i, double *out);
bool pure_truth(const struct pure *p, size_t i, bool fallback, bool *out);
/* An array all of whose keys are known; pays for a look at each element. */
bool pure_array(const struct pure *p, size_t i, struct php_array **out);
/* Is all of the text a number to PHP (blanks around it are fine)? PHP_INT or PHP_FLOAT, and
 * PHP_UNKNOWN when it is none. */
enum php_type pure_numeric(struct span text);
/* Is the argument given, and not null? */
bool pure_has(const struct pure *p, size_t i);

/* ---- results; all true unless the heap is spent ---- */

/* Makes the result a text of that many bytes, to be filled; NULL when the heap is spent. */
char *pure_room(const struct pure *p, size_t len);
bool pure_give(const struct pure *p, struct span text);      /* copied */
bool pure_give_part(const struct pure *p, struct span text); /* part of a text of the heap */
bool pure_give_int(const struct pure *p, int64_t number);
bool pure_give_float(const struct pure *p, double real);
bool pure_give_bool(const struct pure *p, bool truth);
bool pure_give_value(const struct pure *p, struct php_value value); /* an argument, or of one */
bool pure_give_array(const struct pure *p, struct php_array *array);

/* Elements at the end, or under a key. */
bool pure_push(const struct pure *p, struct php_array *array, struct php_value value);
bool pure_push_part(const struct pure *p, struct php_array *array, struct span part);
bool pure_push_copy(const struct pure *p, struct php_array *array, struct span text);
bool pure_set(const struct pure *p, struct php_array *array, struct span name,
              struct php_value value);
/* The same key and value as in another array. */
bool pure_set_entry(const struct pure *p, struct php_array *array, const struct php_entry *entry,
                    struct php_value value);
/* An entry's key as a value. */
struct php_value pure_key(const struct php_entry *entry);
/* A value that now stands in two places. */
struct php_value pure_shared(struct php_value value);
struct php_value pure_part(struct span part);

/* A text whose length shows while it is made. No more goes in than the heap may hold. */
struct pure_out {
    const struct pure *call;
    struct strbuf text;
    bool full;
};
void pure_add(struct pure_out *out, struct span text);
void pure_add_char(struct pure_out *out, char c);
/* Makes it the result (ok), or throws it away. Says whether there is a result. */
bool pure_done(struct pure_out *out, bool ok);

/* ---- bytes ---- */

struct pure_set {
    bool has[256];
};
/* A list of characters as trim() reads it: "a..z" is a range. False: PHP warns about it. */
bool pure_set_of(struct span list, struct pure_set *set);

static inline bool pure_is_digit(char c)
{
    return c >= '0' && c <= '9';
}
static inline char pure_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}
static inline char pure_upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
}
static inline bool pure_is_space(char c) /* isspace() of the C locale */
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}
static inline bool pure_is_alpha(char c)
{
    return pure_lower(c) >= 'a' && pure_lower(c) <= 'z';
}
int pure_hex(char c); /* -1: no such digit */
/* The first place of needle at or behind `from`; false when there is none. */
bool pure_find(struct span text, struct span needle, size_t from, bool nocase, size_t *at);
/* U+code as UTF-8; 0 when it is none. */
size_t pure_utf8(uint32_t code, char out[4]);

#endif
