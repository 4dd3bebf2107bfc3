/* form_hash - two fingerprints of the tokens: exact, and with everything blanked that an author
 * can change without changing what the code does.
 *
 * Of names the shape keeps those that are called, made or asked for something static and that the
 * file does not define itself: PHP's and its framework's, in small letters. So it depends on no
 * table, and a fingerprint holds when tables grow. Numbers are written in one byte order, so that
 * it holds on every machine.
 */
#include "form_parts.h"

#include "spamgear/base/map.h"
#include "spamgear/php/role.h"

#define NAME_BYTES 256 /* what is longer is nobody's but the file's */

/* Digests block by block: the digest of a full block begins the next one. */
struct print {
    unsigned char block[1024];
    size_t len;
    uint32_t tokens;
};

static uint64_t print_end(struct print *print)
{
    return map_digest(print->block, print->len);
}

/* Room for `need` bytes, at most NAME_BYTES + 1: a full block's digest begins the next one. */
static unsigned char *print_room(struct print *print, size_t need)
{
    if (print->len + need > sizeof print->block) {
        uint64_t digest = print_end(print);
        for (print->len = 0; print->len < 8; print->len++)
            print->block[print->len] = (unsigned char)(digest >> 8 * print->len);
    }
    unsigned char *room = print->block + print->len;
    print->len += need;
    return room;
}

static void print_token(struct print *print, unsigned char kind, struct span bytes)
{
    *print_room(print, 1) = (unsigned char)(kind | 0x80);
    for (size_t part; bytes.len > 0; bytes = span_skip(bytes, part)) {
        part = bytes.len < NAME_BYTES ? bytes.len : NAME_BYTES;
        memcpy(print_room(print, part), bytes.at, part);
    }
    print->tokens++;
}

/* A name of NAME_BYTES at most, in small letters. */
static void print_small(struct print *print, unsigned char kind, struct span name)
{
    print_token(print, kind, (struct span){0});
    unsigned char *room = print_room(print, name.len);
    for (size_t i = 0; i < name.len; i++)
        room[i] = (unsigned char)php_form_small(name.at[i]);
}

/* ---- names that the file defines ---- */

static uint32_t map_small(struct map *map, struct span name, bool put)
{
    char small[NAME_BYTES];
    if (name.len > sizeof small)
        return MAP_NONE;
    for (size_t i = 0; i < name.len; i++)
        small[i] = php_form_small(name.at[i]);
    struct span key = {small, name.len};
    return put ? map_put(map, key, NULL) : map_get(map, key);
}

static bool defines(const struct php_token *token)
{
    return php_form_is_word(token, PHP_WORD_FUNCTION) || php_form_is_word(token, PHP_WORD_CLASS) ||
           php_form_is_word(token, PHP_WORD_INTERFACE) || php_form_is_word(token, PHP_WORD_TRAIT) ||
           php_form_is_word(token, PHP_WORD_ENUM);
}

static void collect(struct span text, const struct php_tokens *all, struct map *own)
{
    const struct php_token *end = all->list.at + all->list.len - 1;
    for (const struct php_token *token = all->list.at; token < end; token++) {
        if (!defines(token))
            continue;
        const struct php_token *name = php_form_next(token);
        if (php_form_is_op(name, '&'))
            name = php_form_next(name);
        if (name->kind == PHP_NAME)
            map_small(own, php_token_text(text, name), true);
    }
}

/* ---- the two ---- */

struct hasher {
    struct span text;
    struct map own;
    struct print normal, shape;
    const struct php_token *before; /* the last one that counted */
};

static bool is_member(const struct php_token *before)
{
    return php_form_is_op(before, PHP_OP_ARROW) || php_form_is_op(before, PHP_OP_NULL_ARROW) ||
           php_form_is_op(before, PHP_OP_COLONS);
}

static bool keeps_name(struct hasher *hasher, const struct php_token *token, struct span name)
{
    const struct php_token *next = php_form_next(token);
    bool used = php_form_is_op(next, '(') || php_form_is_op(next, PHP_OP_COLONS) ||
                php_form_is_word(hasher->before, PHP_WORD_NEW);
    return used && name.len <= NAME_BYTES && map_small(&hasher->own, name, false) == MAP_NONE;
}

static void shape_name(struct hasher *hasher, const struct php_token *token, struct span name)
{
    bool is_word = token->is != PHP_WORD_NONE && !is_member(hasher->before);
    if (is_word || keeps_name(hasher, token, name))
        print_small(&hasher->shape, PHP_NAME, name);
    else
        print_token(&hasher->shape, PHP_NAME, (struct span){0});
}

static void shape_token(struct hasher *hasher, const struct php_token *token, struct span bytes)
{
    const char is = (char)token->is;
    bool is_global =
        token->kind == PHP_VARIABLE && bytes.len > 1 &&
        (php_superglobal(span_skip(bytes, 1)) != 0 || span_is(bytes, SPAN("$GLOBALS")));
    if (token->kind == PHP_NAME)
        shape_name(hasher, token, bytes);
    else if (token->kind == PHP_OPERATOR)
        print_token(&hasher->shape, PHP_OPERATOR, (struct span){&is, 1});
    else
        print_token(&hasher->shape, token->kind, is_global ? bytes : (struct span){0});
}

/* Tags hold blanks, so their bytes are left out. */
static void hash_token(struct hasher *hasher, const struct php_token *token)
{
    struct span bytes = php_token_text(hasher->text, token);
    bool is_tag =
        token->kind == PHP_OPEN || token->kind == PHP_OPEN_ECHO || token->kind == PHP_CLOSE;
    print_token(&hasher->normal, token->kind, is_tag ? (struct span){0} : bytes);
    shape_token(hasher, token, bytes);
    hasher->before = token;
}

void php_form_hash(struct span text, const struct php_tokens *all, struct php_form *form)
{
    static const struct php_token none = {.kind = PHP_END};
    struct hasher hasher = {.text = text, .before = &none};
    collect(text, all, &hasher.own);
    for (size_t i = 0; i + 1 < all->list.len; i++)
        if (!php_form_skips(&all->list.at[i]))
            hash_token(&hasher, &all->list.at[i]);
    form->normal = print_end(&hasher.normal);
    form->shape = print_end(&hasher.shape);
    form->shape_tokens = hasher.shape.tokens;
    map_clear(&hasher.own);
}
