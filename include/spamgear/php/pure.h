/* pure - PHP's functions that only compute: decoders, string, array and number functions.
 *
 * Each does what php.net documents and php-src does for the arguments that malware and ordinary
 * code give; what it cannot tell (unknown arguments, warnings that depend on settings, locale,
 * random) is not computed. Nothing has an effect outside of the heap. Names are found in any case,
 * with a leading backslash too.
 *
 * To add one: a row in the table of the pure_*.c that its like stands in.
 */
#ifndef SPAMGEAR_PHP_PURE_H
#define SPAMGEAR_PHP_PURE_H

#include "spamgear/base/strbuf.h"
#include "spamgear/php/value.h"
#include <stddef.h>

enum php_pure_trait {
    PHP_PURE_HIDES = 1,  /* its result does not show what it was: base64_decode, strrev, chr, ... */
    PHP_PURE_BUILDS = 2, /* puts strings together or takes them apart: implode, substr, ... */
    PHP_PURE_NUMBER = 4, /* the result is a number or a bool whatever comes in: strlen, count */
    PHP_PURE_HASH = 8,   /* md5 and its like */
    PHP_PURE_HTML = 16,  /* the result is quoted for HTML */
    PHP_PURE_BASENAME = 32
};

struct pure; /* a call under way: core/php/pure_parts.h */

struct php_pure {
    const char *name;    /* lower case */
    uint8_t least, most; /* arguments; PHP_PURE_ANY: as many as there are */
    uint8_t traits;
    /* Computes the content. False: cannot be told. Marks are the caller's business. */
    bool (*compute)(struct pure *call);
};
#define PHP_PURE_ANY 255

/* Loads what the decoders and hashes use (zlib, libcrypto): before a process can open libraries
 * no more. 0, or -1 with why: what needs it cannot be told then. */
int php_pure_load(struct strbuf *why);

/* NULL when there is none of that name. */
const struct php_pure *php_pure_find(struct span name);

/* Calls it: result gets the content (PHP_UNKNOWN when it cannot be told) and the joined marks of
 * the arguments, `made` one more where the function hides or builds, and the traits that follow
 * from the function and from the content (PHP_HAS_PHP, ...). */
struct php_value php_pure_call(struct php_heap *heap, const struct php_pure *pure,
                               const struct php_value *args, size_t count);

/* Looks at a known text and sets the traits that follow from its bytes. */
void php_value_look(struct php_value *value);

/* For tests and fuzzing: the names, sorted; *count gets their number. */
const char *const *php_pure_names(size_t *count);

#endif
