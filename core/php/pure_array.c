/* pure_array - functions that read arrays and give new ones.
 *
 * Those that change their argument (sort, shift, splice) are the walk's business. Arrays with keys
 * that are not known are refused; values that are not known are copied like others.
 */
#include "pure_parts.h"

static struct php_array *new_array(struct pure *p)
{
    return php_array_new(p->heap);
}

/* Under its own name, or a new number. */
static bool add_entry(struct pure *p, struct php_array *array, const struct php_entry *entry,
                      bool keep_numbers)
{
    bool keep = entry->has_name || keep_numbers;
    return keep ? pure_set_entry(p, array, entry, entry->value) : pure_push(p, array, entry->value);
}

/* ---- looking at one element ---- */

static bool do_count(struct pure *p)
{
    struct php_array *array;
    int64_t mode;
    return pure_array(p, 0, &array) && pure_int_or(p, 1, 0, &mode) && mode == 0 &&
           pure_give_int(p, array->len);
}

static bool give_element(struct pure *p, bool last, bool key)
{
    struct php_array *array;
    if (!pure_array(p, 0, &array))
        return false;
    if (array->len == 0 && key) {
        *p->result = php_null();
        return true;
    }
    if (array->len == 0)
        return pure_give_bool(p, false);
    const struct php_entry *entry = &array->at[last ? array->len - 1 : 0];
    return pure_give_value(p, key ? pure_key(entry) : entry->value);
}

static bool do_current(struct pure *p)
{
    return give_element(p, false, false);
}

static bool do_end(struct pure *p)
{
    return give_element(p, true, false);
}

static bool do_key_first(struct pure *p)
{
    return give_element(p, false, true);
}

static bool do_key_last(struct pure *p)
{
    return give_element(p, true, true);
}

static bool do_array_key_exists(struct pure *p)
{
    struct php_array *array;
    struct php_entry key;
    return pure_array(p, 1, &array) && php_array_key(p->heap, &p->args[0], &key) &&
           pure_give_bool(p, php_array_find(array, &key) != NULL);
}

/* The place of a value; len when it is nowhere; false when that cannot be told. */
static bool search(struct pure *p, const struct php_array *array, uint32_t *at)
{
    bool strict;
    if (!pure_truth(p, 2, false, &strict))
        return false;
    for (*at = 0; *at < array->len; ++*at) {
        const struct php_value *value = &array->at[*at].value;
        int same =
            strict ? php_same(p->heap, &p->args[0], value) : php_equal(p->heap, &p->args[0], value);
        if (same < 0 || !pure_pay(p, value->type == PHP_TEXT ? value->text.len : 0))
            return false;
        if (same > 0)
            return true;
    }
    return true;
}

static bool do_in_array(struct pure *p)
{
    struct php_array *array;
    uint32_t at;
    return pure_array(p, 1, &array) && search(p, array, &at) && pure_give_bool(p, at < array->len);
}

static bool do_array_search(struct pure *p)
{
    struct php_array *array;
    uint32_t at;
    if (!pure_array(p, 1, &array) || !search(p, array, &at))
        return false;
    return at == array->len ? pure_give_bool(p, false)
                            : pure_give_value(p, pure_key(&array->at[at]));
}

/* ---- all elements ---- */

static bool do_array_merge(struct pure *p)
{
    struct php_array *all = new_array(p), *array;
    for (size_t i = 0; all != NULL && i < p->count; i++) {
        if (!pure_array(p, i, &array))
            return false;
        for (uint32_t e = 0; e < array->len; e++)
            if (!add_entry(p, all, &array->at[e], false))
                return false;
    }
    return pure_give_array(p, all);
}

static bool do_array_replace(struct pure *p)
{
    struct php_array *all = new_array(p), *array;
    for (size_t i = 0; all != NULL && i < p->count; i++) {
        if (!pure_array(p, i, &array))
            return false;
        for (uint32_t e = 0; e < array->len; e++)
            if (!add_entry(p, all, &array->at[e], true))
                return false;
    }
    return pure_give_array(p, all);
}

static bool do_array_reverse(struct pure *p)
{
    struct php_array *array, *turned = new_array(p);
    bool keep;
    if (turned == NULL || !pure_array(p, 0, &array) || !pure_truth(p, 1, false, &keep))
        return false;
    for (uint32_t i = array->len; i-- > 0;)
        if (!add_entry(p, turned, &array->at[i], keep))
            return false;
    return pure_give_array(p, turned);
}

static bool do_array_flip(struct pure *p)
{
    struct php_array *array, *turned = new_array(p);
    struct php_entry key;
    if (turned == NULL || !pure_array(p, 0, &array))
        return false;
    for (uint32_t i = 0; i < array->len; i++) {
        const struct php_value *value = &array->at[i].value;
        if ((value->type != PHP_INT && value->type != PHP_TEXT) ||
            !php_array_key(p->heap, value, &key) ||
            !pure_set_entry(p, turned, &key, pure_key(&array->at[i])))
            return false;
    }
    return pure_give_array(p, turned);
}

static bool do_array_slice(struct pure *p)
{
    struct php_array *array, *part = new_array(p);
    int64_t from, len;
    bool keep;
    if (part == NULL || !pure_array(p, 0, &array) || !pure_int(p, 1, &from) ||
        !pure_int_or(p, 2, INT64_MAX, &len) || !pure_truth(p, 3, false, &keep))
        return false;
    int64_t size = array->len;
    from = from > size ? size : from < -size ? 0 : from < 0 ? size + from : from;
    len = len < -size ? 0 : len < 0 ? size - from + len : len < size - from ? len : size - from;
    for (int64_t i = from; i < from + len; i++)
        if (!add_entry(p, part, &array->at[i], keep))
            return false;
    return pure_give_array(p, part);
}

static bool do_array_keys(struct pure *p)
{
    struct php_array *array, *keys = new_array(p);
    if (keys == NULL || !pure_array(p, 0, &array))
        return false;
    for (uint32_t i = 0; i < array->len; i++) {
        int want = p->count == 1 ? 1 : php_equal(p->heap, &array->at[i].value, &p->args[1]);
        const struct php_value *value = &array->at[i].value;
        if (!pure_pay(p, value->type == PHP_TEXT ? value->text.len : 0))
            return false;
        if (want < 0 || (want > 0 && !pure_push(p, keys, pure_key(&array->at[i]))))
            return false;
    }
    return pure_give_array(p, keys);
}

static bool do_array_values(struct pure *p)
{
    struct php_array *array, *values = new_array(p);
    if (values == NULL || !pure_array(p, 0, &array))
        return false;
    for (uint32_t i = 0; i < array->len; i++)
        if (!pure_push(p, values, array->at[i].value))
            return false;
    return pure_give_array(p, values);
}

/* The key that a value makes where any scalar may be one. */
static bool key_of(struct pure *p, const struct php_value *value, struct php_entry *key)
{
    struct php_text text;
    if (value->type == PHP_INT)
        return php_array_key(p->heap, value, key);
    if (value->type >= PHP_ARRAY || !php_to_text(p->heap, value, &text))
        return false;
    struct php_value name = php_text_value(text);
    return php_array_key(p->heap, &name, key);
}

static bool do_array_combine(struct pure *p)
{
    struct php_array *keys, *values, *both = new_array(p);
    struct php_entry key;
    if (both == NULL || !pure_array(p, 0, &keys) || !pure_array(p, 1, &values) ||
        keys->len != values->len)
        return false;
    for (uint32_t i = 0; i < keys->len; i++)
        if (!key_of(p, &keys->at[i].value, &key) ||
            !pure_set_entry(p, both, &key, values->at[i].value))
            return false;
    return pure_give_array(p, both);
}

static bool do_array_fill(struct pure *p)
{
    struct php_array *array = new_array(p);
    int64_t from, count;
    if (array == NULL || !pure_int(p, 0, &from) || !pure_int(p, 1, &count) || from < 0 ||
        count < 0 || from > INT64_MAX - count)
        return false; /* what follows a negative key changed with PHP 8.3 */
    for (int64_t i = 0; i < count; i++) {
        struct php_entry key = {.number = from + i};
        if (!pure_set_entry(p, array, &key, p->args[2]))
            return false;
    }
    return pure_give_array(p, array);
}

static bool do_array_fill_keys(struct pure *p)
{
    struct php_array *keys, *array = new_array(p);
    struct php_entry key;
    if (array == NULL || !pure_array(p, 0, &keys))
        return false;
    for (uint32_t i = 0; i < keys->len; i++)
        if (!key_of(p, &keys->at[i].value, &key) || !pure_set_entry(p, array, &key, p->args[1]))
            return false;
    return pure_give_array(p, array);
}

static bool add_copies(struct pure *p, struct php_array *array, int64_t count)
{
    while (count-- > 0)
        if (!pure_push(p, array, p->args[2]))
            return false;
    return true;
}

static bool do_array_pad(struct pure *p)
{
    struct php_array *array, *longer = new_array(p);
    int64_t size;
    if (longer == NULL || !pure_array(p, 0, &array) || !pure_int(p, 1, &size) ||
        size < -INT32_MAX || size > INT32_MAX)
        return false;
    int64_t more = (size < 0 ? -size : size) - array->len;
    if (more <= 0)
        return pure_give_value(p, p->args[0]);
    if (size < 0 && !add_copies(p, longer, more))
        return false;
    for (uint32_t i = 0; i < array->len; i++)
        if (!add_entry(p, longer, &array->at[i], false))
            return false;
    return (size < 0 || add_copies(p, longer, more)) && pure_give_array(p, longer);
}

static bool do_array_chunk(struct pure *p)
{
    struct php_array *array, *all = new_array(p), *chunk = NULL;
    int64_t size;
    bool keep;
    if (all == NULL || !pure_array(p, 0, &array) || !pure_int(p, 1, &size) || size < 1 ||
        !pure_truth(p, 2, false, &keep))
        return false;
    for (uint32_t i = 0; i < array->len; i++) {
        if (i % size == 0) {
            struct php_value value = php_null();
            value.type = PHP_ARRAY;
            value.array = chunk = new_array(p);
            if (chunk == NULL || !php_array_set(p->heap, all, NULL, &value))
                return false;
        }
        bool added = keep ? pure_set_entry(p, chunk, &array->at[i], array->at[i].value)
                          : pure_push(p, chunk, array->at[i].value);
        if (!added)
            return false;
    }
    return pure_give_array(p, all);
}

static bool do_array_column(struct pure *p)
{
    struct php_array *array, *column = new_array(p);
    struct php_entry key;
    if (column == NULL || p->count != 2 || !pure_array(p, 0, &array) ||
        (p->args[1].type != PHP_INT && p->args[1].type != PHP_TEXT) ||
        !php_array_key(p->heap, &p->args[1], &key))
        return false;
    for (uint32_t i = 0; i < array->len; i++) {
        const struct php_value *row = &array->at[i].value;
        if (row->type == PHP_UNKNOWN || row->type == PHP_OBJECT ||
            (row->type == PHP_ARRAY && row->array->open))
            return false;
        struct php_value *cell = row->type == PHP_ARRAY ? php_array_find(row->array, &key) : NULL;
        if (cell != NULL && !pure_push(p, column, *cell))
            return false;
    }
    return pure_give_array(p, column);
}

/* ---- sets: elements are compared as texts, by way of keys ---- */

/* Marks keys that number would share with text: every key is a text with a letter before it. */
static bool text_key(struct pure *p, const struct php_value *value, struct php_entry *key)
{
    struct span text;
    struct php_text copy;
    if (!pure_value_span(p, value, &text))
        return false;
    char *room = php_text_room(p->heap, text.len + 1, &copy);
    if (room == NULL)
        return false;
    room[0] = '=';
    memcpy(room + 1, text.at, text.len);
    struct php_value name = php_text_value(copy);
    return php_array_key(p->heap, &name, key);
}

static bool do_array_unique(struct pure *p)
{
    struct php_array *array, *once = new_array(p), *seen = new_array(p);
    struct php_entry key;
    if (once == NULL || seen == NULL || !pure_array(p, 0, &array))
        return false;
    for (uint32_t i = 0; i < array->len; i++) {
        if (!text_key(p, &array->at[i].value, &key))
            return false;
        if (php_array_find(seen, &key) == NULL &&
            (!pure_set_entry(p, seen, &key, php_null()) ||
             !pure_set_entry(p, once, &array->at[i], array->at[i].value)))
            return false;
    }
    return pure_give_array(p, once);
}

static bool note_all(struct pure *p, const struct php_array *array, bool keys,
                     struct php_array *seen)
{
    struct php_entry key;
    for (uint32_t i = 0; i < array->len; i++) {
        struct php_value value = keys ? pure_key(&array->at[i]) : array->at[i].value;
        if (!text_key(p, &value, &key) || !pure_set_entry(p, seen, &key, php_null()))
            return false;
    }
    return true;
}

/* Elements of the first array that are in the other one (want), or in none. */
static bool filter(struct pure *p, bool keys, bool want)
{
    struct php_array *array, *other, *left = new_array(p), *seen = new_array(p);
    struct php_entry key;
    if (left == NULL || seen == NULL || !pure_array(p, 0, &array) || (want && p->count != 2))
        return false;
    for (size_t i = 1; i < p->count; i++)
        if (!pure_array(p, i, &other) || !note_all(p, other, keys, seen))
            return false;
    for (uint32_t i = 0; i < array->len; i++) {
        struct php_value value = keys ? pure_key(&array->at[i]) : array->at[i].value;
        if (!text_key(p, &value, &key))
            return false;
        if ((php_array_find(seen, &key) != NULL) == want &&
            !pure_set_entry(p, left, &array->at[i], array->at[i].value))
            return false;
    }
    return pure_give_array(p, left);
}

static bool do_array_diff(struct pure *p)
{
    return filter(p, false, false);
}

static bool do_array_diff_key(struct pure *p)
{
    return filter(p, true, false);
}

static bool do_array_intersect(struct pure *p)
{
    return filter(p, false, true);
}

static bool do_array_intersect_key(struct pure *p)
{
    return filter(p, true, true);
}

/* ---- sums ---- */

static bool fold(struct pure *p, bool product)
{
    struct php_array *array;
    int64_t all = product;
    if (!pure_array(p, 0, &array))
        return false;
    for (uint32_t i = 0; i < array->len; i++) {
        const struct php_value *value = &array->at[i].value;
        bool over =
            value->type != PHP_INT || (product ? __builtin_mul_overflow(all, value->number, &all)
                                               : __builtin_add_overflow(all, value->number, &all));
        if (over)
            return false;
    }
    return pure_give_int(p, all);
}

static bool do_array_sum(struct pure *p)
{
    return fold(p, false);
}

static bool do_array_product(struct pure *p)
{
    return fold(p, true);
}

/* ---- range ---- */

/* One letter each: letters. Whole numbers: numbers. */
static bool range_end(struct pure *p, size_t i, bool *letter, int64_t *at)
{
    const struct php_value *arg = &p->args[i];
    *letter = arg->type == PHP_TEXT && pure_numeric(php_text_span(arg->text)) == PHP_UNKNOWN;
    if (!*letter)
        return (arg->type == PHP_INT ||
                (arg->type == PHP_TEXT && pure_numeric(php_text_span(arg->text)) == PHP_INT)) &&
               pure_int(p, i, at);
    if (arg->text.len != 1)
        return false;
    *at = (unsigned char)arg->text.at[0];
    return true;
}

static bool do_range(struct pure *p)
{
    int64_t from, to, step;
    bool letters, other;
    struct php_array *array = new_array(p);
    if (array == NULL || !range_end(p, 0, &letters, &from) || !range_end(p, 1, &other, &to) ||
        letters != other || !pure_int_or(p, 2, 1, &step) || step == 0 ||
        (p->count > 2 && p->args[2].type != PHP_INT) || step < -INT32_MAX || step > INT32_MAX ||
        from < -(1LL << 40) || from > 1LL << 40 || to < -(1LL << 40) || to > 1LL << 40)
        return false;
    step = step < 0 ? -step : step;
    if (step > (from < to ? to - from : from - to) && from != to)
        return false; /* an error before PHP 8.3 */
    for (int64_t at = from; from <= to ? at <= to : at >= to; at += from <= to ? step : -step) {
        struct php_value value =
            letters ? php_text_value(php_text_byte((unsigned char)at)) : php_int(at);
        if (!pure_push(p, array, value))
            return false;
    }
    return pure_give_array(p, array);
}

const struct php_pure pure_arrays[] = {
    {"array_chunk", 2, 3, 0, do_array_chunk},
    {"array_column", 2, 3, 0, do_array_column},
    {"array_combine", 2, 2, PHP_PURE_BUILDS, do_array_combine},
    {"array_diff", 1, PHP_PURE_ANY, 0, do_array_diff},
    {"array_diff_key", 1, PHP_PURE_ANY, 0, do_array_diff_key},
    {"array_fill", 3, 3, 0, do_array_fill},
    {"array_fill_keys", 2, 2, 0, do_array_fill_keys},
    {"array_flip", 1, 1, PHP_PURE_BUILDS, do_array_flip},
    {"array_intersect", 1, PHP_PURE_ANY, 0, do_array_intersect},
    {"array_intersect_key", 1, PHP_PURE_ANY, 0, do_array_intersect_key},
    {"array_key_exists", 2, 2, PHP_PURE_NUMBER, do_array_key_exists},
    {"array_key_first", 1, 1, 0, do_key_first},
    {"array_key_last", 1, 1, 0, do_key_last},
    {"array_keys", 1, 2, 0, do_array_keys},
    {"array_merge", 0, PHP_PURE_ANY, 0, do_array_merge},
    {"array_pad", 3, 3, 0, do_array_pad},
    {"array_product", 1, 1, PHP_PURE_NUMBER, do_array_product},
    {"array_replace", 1, PHP_PURE_ANY, 0, do_array_replace},
    {"array_reverse", 1, 2, PHP_PURE_BUILDS, do_array_reverse},
    {"array_search", 2, 3, 0, do_array_search},
    {"array_slice", 2, 4, 0, do_array_slice},
    {"array_sum", 1, 1, PHP_PURE_NUMBER, do_array_sum},
    {"array_unique", 1, 1, 0, do_array_unique},
    {"array_values", 1, 1, 0, do_array_values},
    {"count", 1, 2, PHP_PURE_NUMBER, do_count},
    {"current", 1, 1, 0, do_current},
    {"end", 1, 1, 0, do_end},
    {"in_array", 2, 3, PHP_PURE_NUMBER, do_in_array},
    {"key", 1, 1, 0, do_key_first},
    {"key_exists", 2, 2, PHP_PURE_NUMBER, do_array_key_exists},
    {"pos", 1, 1, 0, do_current},
    {"range", 2, 3, 0, do_range},
    {"reset", 1, 1, 0, do_current},
    {"sizeof", 1, 2, PHP_PURE_NUMBER, do_count},
    {0}};
