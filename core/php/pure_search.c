/* pure_search - finding, comparing and replacing in texts; taking them apart and joining them. */
#include "pure_parts.h"

#include <stdlib.h>

/* ---- finding ---- */

/* A needle that is no text is a character's code before PHP 8, its digits since. */
static bool read_both(struct pure *p, struct span *text, struct span *needle)
{
    return p->count > 1 && p->args[1].type == PHP_TEXT && pure_read(p, 0, text) &&
           pure_read(p, 1, needle);
}

static bool find_offset(struct pure *p, size_t len, int64_t *offset)
{
    if (!pure_int_or(p, 2, 0, offset))
        return false;
    if (*offset < 0)
        *offset += (int64_t)len;
    return *offset >= 0 && *offset <= (int64_t)len;
}

static bool give_place(struct pure *p, bool found, size_t at)
{
    return found ? pure_give_int(p, (int64_t)at) : pure_give_bool(p, false);
}

static bool find(struct pure *p, bool nocase)
{
    struct span text, needle;
    int64_t offset;
    size_t at = 0;
    if (!read_both(p, &text, &needle) || !find_offset(p, text.len, &offset))
        return false;
    bool found = pure_find(text, needle, (size_t)offset, nocase, &at);
    return give_place(p, found, at);
}

static bool do_strpos(struct pure *p)
{
    return find(p, false);
}

static bool do_stripos(struct pure *p)
{
    return find(p, true);
}

/* The last place of needle that is at least `low` and at most `high`. */
static bool find_last(struct pure *p, struct span text, struct span needle, size_t low, size_t high,
                      bool nocase, size_t *at)
{
    for (*at = high + 1; (*at)-- > low;) {
        if (*at + needle.len > text.len)
            continue;
        if (text.at[*at] == needle.at[0] && !php_heap_step(p->heap, needle.len / 32))
            return false;
        if (nocase ? strncasecmp(text.at + *at, needle.at, needle.len) == 0
                   : memcmp(text.at + *at, needle.at, needle.len) == 0)
            return true;
    }
    return false;
}

static bool find_from_end(struct pure *p, bool nocase)
{
    struct span text, needle;
    int64_t offset;
    size_t at = 0;
    if (!read_both(p, &text, &needle) || !pure_int_or(p, 2, 0, &offset))
        return false;
    int64_t len = (int64_t)text.len;
    if (offset > len || offset < -len || needle.len == 0)
        return false;
    size_t low = offset > 0 ? (size_t)offset : 0, high = text.len;
    if (offset < 0 && -offset >= (int64_t)needle.len)
        high = (size_t)(len + offset);
    if (!pure_pay(p, text.len + needle.len * 16))
        return false;
    bool found = find_last(p, text, needle, low, high, nocase, &at);
    return give_place(p, found, at);
}

static bool do_strrpos(struct pure *p)
{
    return find_from_end(p, false);
}

static bool do_strripos(struct pure *p)
{
    return find_from_end(p, true);
}

static bool from_needle(struct pure *p, bool nocase)
{
    struct span text, needle;
    bool before;
    size_t at;
    if (!read_both(p, &text, &needle) || !pure_truth(p, 2, false, &before))
        return false;
    if (!pure_find(text, needle, 0, nocase, &at))
        return pure_give_bool(p, false);
    return pure_give_part(p, before ? (struct span){text.at, at} : span_skip(text, at));
}

static bool do_strstr(struct pure *p)
{
    return from_needle(p, false);
}

static bool do_stristr(struct pure *p)
{
    return from_needle(p, true);
}

static bool do_strrchr(struct pure *p)
{
    struct span text, needle;
    if (!read_both(p, &text, &needle) || needle.len == 0)
        return false;
    const char *at = memrchr(text.at, needle.at[0], text.len);
    return at == NULL ? pure_give_bool(p, false)
                      : pure_give_part(p, span_of(at, text.at + text.len));
}

static bool do_substr_count(struct pure *p)
{
    struct span text, needle;
    int64_t offset, len, count = 0;
    size_t at = 0;
    if (!read_both(p, &text, &needle) || needle.len == 0 || !find_offset(p, text.len, &offset))
        return false;
    text = span_skip(text, (size_t)offset);
    if (!pure_int_or(p, 3, (int64_t)text.len, &len))
        return false;
    len = len < 0 ? len + (int64_t)text.len : len;
    if (len < 0 || len > (int64_t)text.len)
        return false;
    text.len = (size_t)len;
    for (; pure_find(text, needle, at, false, &at); at += needle.len)
        count++;
    return pure_give_int(p, count);
}

static bool do_str_contains(struct pure *p)
{
    struct span text, needle;
    size_t at;
    return pure_read(p, 0, &text) && pure_read(p, 1, &needle) &&
           pure_give_bool(p, pure_find(text, needle, 0, false, &at));
}

static bool do_str_starts_with(struct pure *p)
{
    struct span text, needle;
    return pure_span(p, 0, &text) && pure_read(p, 1, &needle) &&
           pure_give_bool(p, needle.len <= text.len && memcmp(text.at, needle.at, needle.len) == 0);
}

static bool do_str_ends_with(struct pure *p)
{
    struct span text, needle;
    return pure_span(p, 0, &text) && pure_read(p, 1, &needle) &&
           pure_give_bool(p, needle.len <= text.len && memcmp(text.at + text.len - needle.len,
                                                              needle.at, needle.len) == 0);
}

/* ---- how far ---- */

static bool stretch(struct pure *p, bool wanted)
{
    struct span text, list;
    struct pure_set set = {0};
    int64_t start, len;
    if (!pure_read(p, 0, &text) || !pure_read(p, 1, &list) || !pure_int_or(p, 2, 0, &start) ||
        !pure_int_or(p, 3, INT64_MAX, &len) || list.len == 0)
        return false;
    int64_t size = (int64_t)text.len;
    if (start > size || start < -size || len < -size)
        return false; /* what is out of range changed with PHP 8 */
    text = span_skip(text, (size_t)(start < 0 ? size + start : start));
    if (len < 0)
        len = len + (int64_t)text.len < 0 ? 0 : len + (int64_t)text.len;
    if (text.len > (uint64_t)len)
        text.len = (size_t)len;
    for (size_t i = 0; i < list.len; i++)
        set.has[(unsigned char)list.at[i]] = true;
    size_t n = 0;
    while (n < text.len && set.has[(unsigned char)text.at[n]] == wanted)
        n++;
    return pure_give_int(p, (int64_t)n);
}

static bool do_strspn(struct pure *p)
{
    return stretch(p, true);
}

static bool do_strcspn(struct pure *p)
{
    return stretch(p, false);
}

/* ---- comparing ---- */

static bool compare(struct pure *p, bool nocase, bool bounded)
{
    struct span a, b;
    int64_t most = INT64_MAX;
    if (!pure_read(p, 0, &a) || !pure_read(p, 1, &b) || (bounded && !pure_int(p, 2, &most)) ||
        most < 0)
        return false;
    a.len = a.len < (uint64_t)most ? a.len : (size_t)most;
    b.len = b.len < (uint64_t)most ? b.len : (size_t)most;
    for (size_t i = 0; i < a.len && i < b.len; i++) {
        unsigned char x = (unsigned char)(nocase ? pure_lower(a.at[i]) : a.at[i]);
        unsigned char y = (unsigned char)(nocase ? pure_lower(b.at[i]) : b.at[i]);
        if (x != y)
            return pure_give_int(p, x - y);
    }
    return pure_give_int(p, (a.len > b.len) - (a.len < b.len));
}

static bool do_strcmp(struct pure *p)
{
    return compare(p, false, false);
}

static bool do_strcasecmp(struct pure *p)
{
    return compare(p, true, false);
}

static bool do_strncmp(struct pure *p)
{
    return compare(p, false, true);
}

static bool do_strncasecmp(struct pure *p)
{
    return compare(p, true, true);
}

/* ---- counting ---- */

static bool do_count_chars(struct pure *p)
{
    struct span text;
    int64_t mode, counts[256] = {0};
    if (!pure_read(p, 0, &text) || !pure_int_or(p, 1, 0, &mode) || mode < 0 || mode > 4)
        return false;
    for (size_t i = 0; i < text.len; i++)
        counts[(unsigned char)text.at[i]]++;
    struct pure_out out = {.call = p};
    struct php_array *array = php_array_new(p->heap);
    for (int c = 0; c < 256 && array != NULL; c++) {
        struct php_entry key = {.number = c};
        if (mode != 0 && (counts[c] > 0) != (mode % 2 == 1))
            continue;
        if (mode > 2)
            pure_add_char(&out, (char)c);
        else if (!pure_set_entry(p, array, &key, php_int(counts[c])))
            return false;
    }
    return mode > 2 ? pure_done(&out, array != NULL) : pure_give_array(p, array);
}

static bool do_str_word_count(struct pure *p)
{
    struct span text;
    int64_t mode, count = 0;
    if (p->count > 2 || !pure_read(p, 0, &text) || !pure_int_or(p, 1, 0, &mode) || mode != 0)
        return false;
    if (text.len > 0 && (strchr("'-", text.at[0]) != NULL || text.at[text.len - 1] == '-'))
        return false; /* no words, or are they? */
    bool inside = false;
    for (size_t i = 0; i < text.len; i++) {
        bool letter = pure_is_alpha(text.at[i]) || text.at[i] == '\'' || text.at[i] == '-';
        count += letter && !inside;
        inside = letter;
    }
    return pure_give_int(p, count);
}

/* ---- replacing ---- */

/* The text that is searched: itself, or a copy in lower case. */
static bool folded(struct pure *p, struct span text, bool nocase, struct span *out)
{
    struct php_text copy;
    *out = text;
    if (!nocase || text.len == 0)
        return true;
    char *room = php_text_room(p->heap, text.len, &copy);
    for (size_t i = 0; room != NULL && i < text.len; i++)
        room[i] = pure_lower(text.at[i]);
    out->at = room;
    return room != NULL;
}

static bool replace_one(struct pure *p, struct span text, struct span from, struct span to,
                        bool nocase, struct span *result)
{
    struct pure_out out = {.call = p};
    struct span seen;
    size_t at = 0, found;
    *result = text;
    if (!pure_pay(p, text.len) || !folded(p, from, nocase, &from) ||
        !folded(p, text, nocase, &seen))
        return false;
    if (from.len == 0 || !pure_find(seen, from, 0, false, &found))
        return true;
    do {
        pure_add(&out, (struct span){text.at + at, found - at});
        pure_add(&out, to);
        at = found + from.len;
    } while (!out.full && pure_find(seen, from, at, false, &found));
    pure_add(&out, span_skip(text, at));
    if (!pure_done(&out, true))
        return false;
    *result = php_text_span(p->result->text);
    return true;
}

/* A list of things to look for, with a list of texts to put there, or one for all. */
static bool replace_list(struct pure *p, struct span text, const struct php_array *from,
                         bool nocase, struct span *result)
{
    const struct php_value *by = &p->args[1];
    *result = text;
    for (uint32_t i = 0; i < from->len; i++) {
        struct span want, to = SPAN("");
        bool one = by->type != PHP_ARRAY;
        bool there = one || i < by->array->len;
        if (!pure_value_span(p, &from->at[i].value, &want) ||
            (there && !pure_value_span(p, one ? by : &by->array->at[i].value, &to)) ||
            !replace_one(p, *result, want, to, nocase, result))
            return false;
    }
    return true;
}

static bool replace_in(struct pure *p, const struct php_value *subject, bool nocase,
                       struct span *result)
{
    struct span text, from, to;
    if (!pure_value_span(p, subject, &text))
        return false;
    if (p->args[0].type == PHP_ARRAY)
        return !p->args[0].array->open && replace_list(p, text, p->args[0].array, nocase, result);
    return pure_span(p, 0, &from) && pure_span(p, 1, &to) &&
           replace_one(p, text, from, to, nocase, result);
}

static bool replace(struct pure *p, bool nocase)
{
    struct php_array *subjects, *array;
    struct span result;
    if (p->args[1].type == PHP_ARRAY && (p->args[1].array->open || p->args[0].type != PHP_ARRAY))
        return false;
    if (p->args[2].type != PHP_ARRAY)
        return replace_in(p, &p->args[2], nocase, &result) && pure_give_part(p, result);
    if (!pure_array(p, 2, &subjects) || (array = php_array_new(p->heap)) == NULL)
        return false;
    for (uint32_t i = 0; i < subjects->len; i++)
        if (!replace_in(p, &subjects->at[i].value, nocase, &result) ||
            !pure_set_entry(p, array, &subjects->at[i], pure_part(result)))
            return false;
    return pure_give_array(p, array);
}

static bool do_str_replace(struct pure *p)
{
    return replace(p, false);
}

static bool do_str_ireplace(struct pure *p)
{
    return replace(p, true);
}

/* ---- strtr ---- */

static bool translate(struct pure *p)
{
    struct span text, from, to;
    unsigned char map[256];
    if (!pure_read(p, 0, &text) || !pure_read(p, 1, &from) || !pure_read(p, 2, &to))
        return false;
    for (int c = 0; c < 256; c++)
        map[c] = (unsigned char)c;
    for (size_t i = 0; i < from.len && i < to.len; i++)
        map[(unsigned char)from.at[i]] = (unsigned char)to.at[i];
    char *out = pure_room(p, text.len);
    for (size_t i = 0; out != NULL && i < text.len; i++)
        out[i] = (char)map[(unsigned char)text.at[i]];
    return out != NULL;
}

struct pair {
    struct span from, to;
};

/* By first byte, the longest first. */
static int by_first(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;
    int first = (unsigned char)x->from.at[0] - (unsigned char)y->from.at[0];
    return first != 0 ? first : (x->from.len < y->from.len) - (x->from.len > y->from.len);
}

static bool read_pairs(struct pure *p, const struct php_array *array, struct pair *pairs,
                       size_t *count)
{
    for (uint32_t i = 0; i < array->len; i++) {
        struct php_value key = pure_key(&array->at[i]);
        struct pair pair;
        if (!pure_value_span(p, &key, &pair.from) ||
            !pure_value_span(p, &array->at[i].value, &pair.to))
            return false;
        if (pair.from.len > 0)
            pairs[(*count)++] = pair;
    }
    qsort(pairs, *count, sizeof *pairs, by_first);
    return true;
}

struct pairs {
    const struct pair *at;
    uint32_t first[257]; /* of each byte; its end is the first of the next */
};

static void index_pairs(struct pairs *pairs, size_t count)
{
    size_t i = 0;
    for (int c = 0; c <= 256; c++) {
        while (i < count && (unsigned char)pairs->at[i].from.at[0] < c)
            i++;
        pairs->first[c] = (uint32_t)i;
    }
}

static const struct pair *pair_at(struct pure *p, const struct pairs *pairs, struct span rest)
{
    unsigned char c = (unsigned char)rest.at[0];
    for (uint32_t i = pairs->first[c]; i < pairs->first[c + 1]; i++) {
        struct span from = pairs->at[i].from;
        if (!php_heap_step(p->heap, from.len / 32 + (i % 8 == 7)))
            return NULL;
        if (from.len <= rest.len && memcmp(from.at, rest.at, from.len) == 0)
            return &pairs->at[i];
    }
    return NULL;
}

static bool do_strtr(struct pure *p)
{
    struct span text;
    struct php_array *array;
    struct pure_out out = {.call = p};
    struct pairs pairs;
    size_t count = 0;
    if (p->count == 3)
        return pure_has(p, 2) && translate(p);
    if (!pure_read(p, 0, &text) || !pure_array(p, 1, &array))
        return false;
    struct pair *list = php_heap_get(p->heap, (array->len + 1) * sizeof *list);
    if (list == NULL || !read_pairs(p, array, list, &count))
        return false;
    pairs.at = list;
    index_pairs(&pairs, count);
    while (text.len > 0 && !out.full && p->heap->spent == NULL) {
        const struct pair *pair = pair_at(p, &pairs, text);
        pure_add(&out, pair == NULL ? (struct span){text.at, 1} : pair->to);
        text = span_skip(text, pair == NULL ? 1 : pair->from.len);
    }
    return pure_done(&out, p->heap->spent == NULL);
}

/* ---- apart and together ---- */

static bool do_explode(struct pure *p)
{
    struct span end, text;
    int64_t most;
    struct php_array *array = php_array_new(p->heap);
    if (array == NULL || !pure_read(p, 0, &end) || !pure_read(p, 1, &text) || end.len == 0 ||
        (p->count > 2 ? !pure_int(p, 2, &most) : !pure_int_or(p, 2, INT64_MAX, &most)))
        return false;
    int64_t left = most == 0 ? 1 : most < 0 ? most + 1 : most;
    size_t at = 0;
    if (most < 0) /* as many as there are, less some */
        for (; pure_find(text, end, at, false, &at); at += end.len)
            left++;
    for (at = 0; left > (most >= 0) && pure_find(text, end, 0, false, &at); left--) {
        if (!pure_push_part(p, array, (struct span){text.at, at}))
            return false;
        text = span_skip(text, at + end.len);
    }
    if ((most >= 0 || left > 0) && !pure_push_part(p, array, text))
        return false;
    return pure_give_array(p, array);
}

static bool do_implode(struct pure *p)
{
    size_t list = p->args[0].type == PHP_ARRAY ? 0 : 1;
    struct span glue = SPAN(""), piece;
    struct php_array *array;
    struct pure_out out = {.call = p};
    if (!pure_array(p, list, &array) || (p->count > 1 && !pure_read(p, 1 - list, &glue)))
        return false;
    for (uint32_t i = 0; i < array->len && !out.full; i++) {
        if (!pure_value_span(p, &array->at[i].value, &piece))
            return pure_done(&out, false);
        pure_add(&out, i > 0 ? glue : SPAN(""));
        pure_add(&out, piece);
    }
    return pure_done(&out, true);
}

const struct php_pure pure_searches[] = {
    {"count_chars", 1, 2, 0, do_count_chars},
    {"explode", 2, 3, PHP_PURE_BUILDS, do_explode},
    {"implode", 1, 2, PHP_PURE_BUILDS, do_implode},
    {"join", 1, 2, PHP_PURE_BUILDS, do_implode},
    {"str_contains", 2, 2, PHP_PURE_NUMBER, do_str_contains},
    {"str_ends_with", 2, 2, PHP_PURE_NUMBER, do_str_ends_with},
    {"str_ireplace", 3, 4, PHP_PURE_BUILDS, do_str_ireplace},
    {"str_replace", 3, 4, PHP_PURE_BUILDS, do_str_replace},
    {"str_starts_with", 2, 2, PHP_PURE_NUMBER, do_str_starts_with},
    {"str_word_count", 1, 3, PHP_PURE_NUMBER, do_str_word_count},
    {"strcasecmp", 2, 2, PHP_PURE_NUMBER, do_strcasecmp},
    {"strchr", 2, 3, PHP_PURE_BUILDS, do_strstr},
    {"strcmp", 2, 2, PHP_PURE_NUMBER, do_strcmp},
    {"strcspn", 2, 4, PHP_PURE_NUMBER, do_strcspn},
    {"stripos", 2, 3, PHP_PURE_NUMBER, do_stripos},
    {"stristr", 2, 3, PHP_PURE_BUILDS, do_stristr},
    {"strncasecmp", 3, 3, PHP_PURE_NUMBER, do_strncasecmp},
    {"strncmp", 3, 3, PHP_PURE_NUMBER, do_strncmp},
    {"strpos", 2, 3, PHP_PURE_NUMBER, do_strpos},
    {"strrchr", 2, 2, PHP_PURE_BUILDS, do_strrchr},
    {"strripos", 2, 3, PHP_PURE_NUMBER, do_strripos},
    {"strrpos", 2, 3, PHP_PURE_NUMBER, do_strrpos},
    {"strspn", 2, 4, PHP_PURE_NUMBER, do_strspn},
    {"strstr", 2, 3, PHP_PURE_BUILDS, do_strstr},
    {"strtr", 2, 3, PHP_PURE_BUILDS, do_strtr},
    {"substr_count", 2, 4, PHP_PURE_NUMBER, do_substr_count},
    {0}};
