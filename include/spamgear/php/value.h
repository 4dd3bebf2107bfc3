/* value - what an expression comes to, as far as reading can tell, and where it came from.
 *
 * A value is known (a type and its content) or PHP_UNKNOWN; in both cases it carries its marks:
 * which sources it was fed by (taint), how many string operations made it, through how many
 * variables it went, and what was done to it (traits). The content lives in a heap that is thrown
 * away with the file; values are copied freely and own nothing.
 *
 * The heap is bounded in bytes and steps. What does not fit in what is left of it comes out as
 * PHP_UNKNOWN, and heap->spent says which budget that was first; what fits still works, so that one
 * text of a gigabyte does not hide the rest of a file. Nothing crashes and nothing loops.
 */
#ifndef SPAMGEAR_PHP_VALUE_H
#define SPAMGEAR_PHP_VALUE_H

#include "spamgear/base/span.h"
#include <stdbool.h>
#include <stdint.h>

/* ---- the heap ---- */

struct php_heap {
    struct php_block *blocks; /* newest first */
    size_t used, bytes_limit;
    uint64_t steps, steps_limit;
    uint64_t refused;  /* counts what was asked for and not given */
    const char *spent; /* NULL, or which budget: "memory", "steps", "depth", "layers" */
};

void php_heap_init(struct php_heap *heap, size_t bytes_limit, uint64_t steps_limit);
void php_heap_reset(struct php_heap *heap); /* forgets everything, keeps one block */
void php_heap_clear(struct php_heap *heap);
/* Zeroed memory, aligned for anything; NULL when the budget is spent. */
void *php_heap_get(struct php_heap *heap, size_t size);
/* Takes n steps off. False when that many are not left: none are taken then, and what is smaller
 * may still be done. */
bool php_heap_step(struct php_heap *heap, uint64_t n);

/* ---- texts ---- */

/* Bytes that never change. grows: they stand at the start of a block of the heap that has a
 * header before it, so that php_text_join can lengthen them in place (appending one character a
 * million times is linear). */
struct php_text {
    const char *at;
    uint32_t len;
    uint32_t grows;
};

static inline struct span php_text_span(struct php_text text)
{
    return (struct span){text.at, text.len};
}
/* Copies. False when the heap is spent. */
bool php_text_copy(struct php_heap *heap, struct span bytes, struct php_text *out);
/* Room for len bytes to be filled by the caller; NULL when the heap is spent. */
char *php_text_room(struct php_heap *heap, size_t len, struct php_text *out);
/* left followed by right. */
bool php_text_join(struct php_heap *heap, struct php_text left, struct php_text right,
                   struct php_text *out);
/* The text of one byte; no memory. */
struct php_text php_text_byte(unsigned char byte);

/* ---- values ---- */

enum php_type {
    PHP_UNKNOWN,
    PHP_NULL,
    PHP_BOOL,  /* number */
    PHP_INT,   /* number */
    PHP_FLOAT, /* real */
    PHP_TEXT,
    PHP_ARRAY,
    PHP_OBJECT, /* of a class of this file, or of none (stdClass) */
    PHP_CLOSURE /* a function without a name, of this file */
};

/* Sources. A value that mixes several has all their bits. */
enum php_taint {
    PHP_FROM_REQUEST = 1, /* $_GET, $_POST, $_REQUEST, $_COOKIE, php://input, getallheaders() */
    PHP_FROM_SERVER = 2,  /* $_SERVER: HTTP_* and what else the client says */
    PHP_FROM_FILES = 4,   /* $_FILES */
    PHP_FROM_REMOTE = 8,  /* fetched from a URL, read from a socket */
    PHP_FROM_ENVIRONMENT = 16,
    PHP_FROM_IMAGE = 32, /* exif and the like */
    PHP_FROM_DATABASE = 64,
    PHP_FROM_FILE = 128,      /* a local file */
    PHP_FROM_UNDEFINED = 256, /* a variable that nothing in the file gives a value
                                 (register_globals, or an include's) */
    PHP_FROM_PARAMETER = 512, /* of a function that nothing in the file calls */
    PHP_FROM_SESSION = 1024,
    PHP_FROM_SELF = 2048, /* __FILE__ and its content */
    PHP_FROM_NAME = 4096, /* names of defined functions, classes, methods: get_defined_functions */
    PHP_FROM_INCLUDE = 8192, /* returned by an include */
    PHP_FROM_OUTPUT = 16384  /* output buffers, results of commands */
};
/* What a stranger can choose freely. */
#define PHP_FROM_STRANGER (PHP_FROM_REQUEST | PHP_FROM_SERVER | PHP_FROM_FILES)

enum php_trait {
    PHP_IS_DECODED = 1, /* went through a decoder: base64, gz, rot13, hex, chr(), xor, ... */
    PHP_HAS_PHP = 2,    /* an open tag is in it */
    PHP_HAS_PREFIX = 4, /* unknown, but begins with constant text of 2 bytes or more that does not
                           end a statement */
    PHP_HAS_CODE_NAME =
        8, /* ends like the name of a file that the server runs: .php, .phtml, ... */
    PHP_HAS_SAFE_NAME = 16, /* ends in constant text that is no such name: ".jpg", ".cache" */
    PHP_IS_NUMBER = 32,     /* made by (int), intval(), count(): says nothing dangerous */
    PHP_IS_HASH = 64,       /* md5(), sha1(), hash(), crypt() of something */
    PHP_IS_SHELL_QUOTED = 128,
    PHP_IS_HTML_QUOTED = 256,
    PHP_IS_BASENAME = 512,
    PHP_IS_CHECKED = 1024,   /* looked up in, or compared with, constants before it got here */
    PHP_IS_TEMPORARY = 2048, /* a name of a temporary file: tmp_name, tempnam() */
    PHP_IS_KEY = 4096,       /* the key of an array, not its value */
    PHP_IS_HIDDEN = 8192, /* its constant text was not spelt out: built by operations that hide */
    PHP_IS_URL = 16384,   /* begins http://, https://, ftp:// */
    PHP_IS_ALTERED =
        32768 /* passed through a string function that changes it (trim, substr, ...) */
};

#define PHP_PROMISES                                                                               \
    (PHP_IS_NUMBER | PHP_IS_HASH | PHP_IS_SHELL_QUOTED | PHP_IS_HTML_QUOTED | PHP_IS_BASENAME |    \
     PHP_IS_CHECKED | PHP_IS_KEY | PHP_HAS_SAFE_NAME)

struct php_value {
    uint8_t type; /* enum php_type */
    uint8_t made; /* string operations that made it, saturating: 0 = as it stands in the source */
    uint8_t hops; /* assignments and returns it went through, saturating */
    uint8_t given_up; /* to compute it, or what it is made of, would have taken too much */
    uint16_t traits;  /* enum php_trait */
    uint16_t calls;   /* user functions it went through, saturating */
    uint32_t taint;   /* enum php_taint */
    uint32_t trail;   /* the last step of its way (php/sighting.h); 0 = none */
    union {
        int64_t number;
        double real;
        struct php_text text;
        struct php_array *array;
        struct php_object *object;
        struct php_closure *closure; /* php/run's own */
    };
};
_Static_assert(sizeof(struct php_value) == 32, "values are copied all the time");

struct php_value php_unknown(void);
struct php_value php_null(void);
struct php_value php_bool(bool truth);
struct php_value php_int(int64_t number);
struct php_value php_float(double real);
struct php_value php_text_value(struct php_text text);

/* What bytes say. Of what begins or ends in this text: PHP_HAS_PREFIX, PHP_IS_URL; one or none of
 * PHP_HAS_CODE_NAME and PHP_HAS_SAFE_NAME. */
bool php_text_has_php(struct span text);
bool php_text_is_url(struct span text);
bool php_text_is_program(struct span text); /* ELF, PE, a script, C or Perl that opens sockets */
unsigned php_text_head(struct span text);
unsigned php_text_tail(struct span text);

/* Adds what `from` went through to `to`'s marks: taints and traits joined, counts the larger.
 * Traits that promise something (PHP_IS_NUMBER and the like) stay only when both have them, or
 * when the one that has not is a constant without taint. A `to` without any mark takes all. */
void php_value_mark(struct php_value *to, const struct php_value *from);
/* Either one or the other: equal known contents stay known, else `to` keeps its content when it is
 * known, gets the other's when it is not; marks are joined. */
void php_value_merge(struct php_heap *heap, struct php_value *to, const struct php_value *other);

/* What a text is as a number. Type PHP_INT or PHP_FLOAT; whole: nothing but blanks is around it
 * ("12 " is, "12a" is not). False when it does not begin with a number. */
struct php_number {
    enum php_type type;
    bool whole;
    int64_t number;
    double real;   /* of either type */
    int overflows; /* -1, 1: an integer that does not fit, and so a float */
};
bool php_number_read(struct span text, struct php_number *out);
/* As PHP makes an integer of a float that is out of range: modulo 2^64. */
int64_t php_float_to_int(double real);

/* Conversions as PHP makes them; false when unknown (or an array, or the heap is spent). The text
 * of an array ("Array") is php_concat's and the cast's business. */
bool php_to_text(struct php_heap *heap, const struct php_value *value, struct php_text *out);
bool php_to_int(const struct php_value *value, int64_t *out); /* numeric prefix, as (int) */
bool php_to_float(const struct php_value *value, double *out);
/* Of an array too: is it empty? */
bool php_to_bool(const struct php_value *value, bool *out);
/* PHP 8's == and ===; -1 unknown, else 0 or 1. */
int php_same(struct php_heap *heap, const struct php_value *a, const struct php_value *b);
int php_equal(struct php_heap *heap, const struct php_value *a, const struct php_value *b);
/* <=> : false when unknown. */
bool php_order(struct php_heap *heap, const struct php_value *a, const struct php_value *b,
               int *out);

/* a op b for PHP_NODE_BINARY and the compound assignments (op of the operator without "is"):
 * numbers, strings (& | ^ on two strings are bytewise), comparison. Marks are joined, made counts
 * one more where strings were combined. PHP_UNKNOWN with the joined marks when it cannot be told.
 */
struct php_value php_binary(struct php_heap *heap, int op, const struct php_value *a,
                            const struct php_value *b);
/* + - ! ~, and what PHP_OP_INCREMENT and PHP_OP_DECREMENT make of a ("Az"++ is "Ba"). */
struct php_value php_unary(struct php_heap *heap, int op, const struct php_value *a);
struct php_value php_concat(struct php_heap *heap, const struct php_value *a,
                            const struct php_value *b);
struct php_value php_cast(struct php_heap *heap, int op, const struct php_value *a);

/* ---- arrays: ordered, keys are integers or texts ---- */

struct php_entry {
    bool has_name;
    uint32_t hash;  /* of the key; the array's own business */
    int64_t number; /* the key, unless has_name */
    struct php_text name;
    struct php_value value;
};

struct php_array {
    struct php_entry *at;
    uint32_t len, cap;
    uint32_t *index; /* open addressing over at, when len is large: 0, or place + skipped + 1 */
    uint32_t slots;
    uint32_t skipped;      /* entries that were taken off the front of at, */
    uint32_t stale;        /* and off its end, since the index was made */
    int64_t next;          /* the number a[] gets */
    bool shared;           /* more than one value may point at it: copy before writing. Set by
                              whoever copies a value to a second place */
    bool open;             /* keys that are not known were written: any key may exist */
    struct php_value rest; /* what was written under keys that are not known, merged */
};

struct php_array *php_array_new(struct php_heap *heap); /* NULL when the heap is spent */
/* Keys as PHP normalises them ("12" is 12, true is 1, null is ""). False: the key is unknown. */
bool php_array_key(struct php_heap *heap, const struct php_value *key, struct php_entry *out);
/* The value under a key; NULL when there is none (ask `open` whether that means anything). */
struct php_value *php_array_find(const struct php_array *array, const struct php_entry *key);
/* The array to write into: a copy when it is shared (arrays in it are shared then). NULL when the
 * heap is spent. */
struct php_array *php_array_own(struct php_heap *heap, struct php_array *array);
/* Sets (adds at the end when new). key NULL: a[] = value. False when the heap is spent. Adding may
 * move all entries: pointers into the array are good until then. */
bool php_array_set(struct php_heap *heap, struct php_array *array, const struct php_entry *key,
                   const struct php_value *value);
/* Takes an entry out, which moves those behind it and so takes steps; the first and the last one
 * go at no cost. Without steps left the entry stays and the array becomes open. */
void php_array_unset(struct php_heap *heap, struct php_array *array, const struct php_entry *key);
/* Everything in it, as one value: joined marks of all elements, deep; content unknown unless there
 * is one element. */
struct php_value php_array_summary(struct php_heap *heap, const struct php_array *array);

#endif
