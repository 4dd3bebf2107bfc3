/* array - PHP's ordered arrays, on the heap.
 *
 * Entries stand in the order they were added. Small arrays are searched from the start; large ones
 * have an index (open addressing, linear probing) over the entries' places. An entry taken off the
 * front only moves the start, so shifting a long array empty is linear; taking one out of the
 * middle moves the rest and makes the index afresh, which takes steps.
 */
#include "spamgear/base/map.h"
#include "spamgear/php/value.h"

#define LINEAR     12    /* entries that are searched without an index */
#define DEPTH      64    /* arrays in arrays that a summary looks into */
#define SUMMARISED 20000 /* elements that it looks at */
#define NO_PLACE   UINT32_MAX

struct php_array *php_array_new(struct php_heap *heap)
{
    return php_heap_get(heap, sizeof(struct php_array));
}

/* ---- keys ---- */

/* Only what an integer would be written as: "12", "-3"; not "012", "-0", "+1", " 1". */
static bool is_integer(struct span text, int64_t *number)
{
    bool negative = text.len > 0 && *text.at == '-';
    struct span digits = span_skip(text, negative);
    if (digits.len == 0 || digits.len > 19 || (*digits.at == '0' && text.len > 1))
        return false;
    uint64_t sum = 0;
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.at[i] < '0' || digits.at[i] > '9')
            return false;
        sum = sum * 10 + (uint64_t)(digits.at[i] - '0');
    }
    if (sum > (uint64_t)INT64_MAX + negative)
        return false;
    *number = negative ? (int64_t)(0 - sum) : (int64_t)sum;
    return true;
}

bool php_array_key(struct php_heap *heap, const struct php_value *key, struct php_entry *out)
{
    *out = (struct php_entry){0};
    if (key->type == PHP_TEXT && !php_heap_step(heap, key->text.len / 256)) /* to be compared */
        return false;
    if (key->type == PHP_NULL || key->type == PHP_TEXT) {
        out->name = key->type == PHP_TEXT ? key->text : (struct php_text){.at = ""};
        out->has_name = !is_integer(php_text_span(out->name), &out->number);
        return true;
    }
    return key->type != PHP_ARRAY && php_to_int(key, &out->number);
}

static uint32_t hash_of(const struct php_entry *key)
{
    uint64_t hash = key->has_name ? map_hash(key->name.at, key->name.len)
                                  : map_hash(&key->number, sizeof key->number);
    return (uint32_t)(hash ^ hash >> 32);
}

static bool is_key(const struct php_entry *entry, const struct php_entry *key)
{
    if (entry->has_name != key->has_name)
        return false;
    return key->has_name ? span_is(php_text_span(entry->name), php_text_span(key->name))
                         : entry->number == key->number;
}

/* ---- the index ---- */

static void index_add(struct php_array *array, uint32_t place)
{
    uint32_t mask = array->slots - 1, slot = array->at[place].hash & mask;
    while (array->index[slot] != 0)
        slot = (slot + 1) & mask;
    array->index[slot] = place + array->skipped + 1;
}

static void index_fill(struct php_array *array)
{
    memset(array->index, 0, array->slots * sizeof *array->index);
    array->skipped = array->stale = 0;
    for (uint32_t i = 0; i < array->len; i++)
        index_add(array, i);
}

/* Before one more is added. False: without memory. */
static bool index_make(struct php_heap *heap, struct php_array *array)
{
    uint32_t taken = array->len + array->skipped + array->stale + 1, slots = 64;
    if (array->index == NULL ? array->len < LINEAR : taken <= array->slots / 2)
        return true;
    while (slots / 4 < array->len + 1)
        slots *= 2;
    if (slots > array->slots) {
        uint32_t *index = php_heap_get(heap, slots * sizeof *index);
        if (index == NULL)
            return false;
        array->index = index;
        array->slots = slots;
    }
    index_fill(array);
    return true;
}

static uint32_t find_linear(const struct php_array *array, const struct php_entry *key)
{
    for (uint32_t i = 0; i < array->len; i++)
        if (is_key(&array->at[i], key))
            return i;
    return NO_PLACE;
}

static uint32_t find_indexed(const struct php_array *array, const struct php_entry *key)
{
    uint32_t hash = hash_of(key), mask = array->slots - 1;
    for (uint32_t slot = hash & mask; array->index[slot] != 0; slot = (slot + 1) & mask) {
        uint32_t number = array->index[slot] - 1, place = number - array->skipped;
        if (number < array->skipped || place >= array->len) /* taken out since */
            continue;
        if (array->at[place].hash == hash && is_key(&array->at[place], key))
            return place;
    }
    return NO_PLACE;
}

static uint32_t find(const struct php_array *array, const struct php_entry *key)
{
    return array->index == NULL ? find_linear(array, key) : find_indexed(array, key);
}

struct php_value *php_array_find(const struct php_array *array, const struct php_entry *key)
{
    uint32_t place = find(array, key);
    return place == NO_PLACE ? NULL : &array->at[place].value;
}

/* ---- writing ---- */

/* Room for one more entry. */
static bool make_room(struct php_heap *heap, struct php_array *array)
{
    if (array->len < array->cap)
        return true;
    uint32_t cap = array->cap < 4 ? 4 : array->len * 2;
    struct php_entry *at =
        array->len > UINT32_MAX / 256 ? NULL : php_heap_get(heap, cap * sizeof *at);
    if (at == NULL)
        return false;
    if (array->len > 0)
        memcpy(at, array->at, array->len * sizeof *at);
    array->at = at;
    array->cap = cap;
    return true;
}

static bool add(struct php_heap *heap, struct php_array *array, const struct php_entry *key,
                const struct php_value *value)
{
    struct php_value copy = *value; /* it may stand in the array */
    struct php_entry entry = {
        .has_name = key->has_name, .number = key->number, .name = key->name, .value = copy};
    if (!make_room(heap, array) || !index_make(heap, array))
        return false;
    entry.hash = hash_of(&entry);
    array->at[array->len++] = entry;
    if (array->index != NULL)
        index_add(array, array->len - 1);
    if (!entry.has_name && entry.number >= array->next)
        array->next = entry.number < INT64_MAX ? entry.number + 1 : INT64_MAX;
    return true;
}

bool php_array_set(struct php_heap *heap, struct php_array *array, const struct php_entry *key,
                   const struct php_value *value)
{
    struct php_entry next = {.number = array->next};
    uint32_t place = find(array, key == NULL ? &next : key);
    if (place == NO_PLACE)
        return add(heap, array, key == NULL ? &next : key, value);
    array->at[place].value = *value;
    return true;
}

/* The slots of entries at the front and at the end go on saying places that are none any more, or
 * those of other entries. */
void php_array_unset(struct php_heap *heap, struct php_array *array, const struct php_entry *key)
{
    uint32_t place = find(array, key);
    if (place == NO_PLACE)
        return;
    uint32_t behind = array->len - place - 1;
    if (place == 0) {
        array->at++;
        array->cap--;
        array->skipped += array->index != NULL;
    } else if (behind > 0 && !php_heap_step(heap, behind / 16)) {
        array->open = true;
        return;
    } else
        memmove(array->at + place, array->at + place + 1, behind * sizeof *array->at);
    array->len--;
    if (behind == 0)
        array->stale++;
    else if (array->index != NULL && place > 0)
        index_fill(array);
}

struct php_array *php_array_own(struct php_heap *heap, struct php_array *array)
{
    if (!array->shared)
        return array;
    struct php_array *own = php_array_new(heap);
    struct php_entry *at = php_heap_get(heap, (array->len + 1) * sizeof *at);
    if (own == NULL || at == NULL)
        return NULL;
    *own = *array;
    own->at = at;
    own->cap = array->len + 1;
    own->shared = false;
    own->index = NULL;
    own->slots = own->skipped = own->stale = 0;
    for (uint32_t i = 0; i < array->len; i++) {
        at[i] = array->at[i];
        if (at[i].value.type == PHP_ARRAY)
            at[i].value.array->shared = true;
    }
    if (own->rest.type == PHP_ARRAY)
        own->rest.array->shared = true;
    return own->len < LINEAR || index_make(heap, own) ? own : NULL;
}

/* ---- summary ---- */

/* *left: of the elements; arrays that share arrays have more of them than any budget. */
static void summarise(struct php_heap *heap, const struct php_array *array, unsigned depth,
                      uint32_t *left, struct php_value *out)
{
    for (uint32_t i = 0; *left > 0 && i < array->len && php_heap_step(heap, 1); i++) {
        const struct php_value *value = &array->at[i].value;
        --*left;
        php_value_mark(out, value);
        if (value->type == PHP_ARRAY && depth < DEPTH)
            summarise(heap, value->array, depth + 1, left, out);
    }
    if (array->open)
        php_value_mark(out, &array->rest);
    if (array->open && array->rest.type == PHP_ARRAY && depth < DEPTH)
        summarise(heap, array->rest.array, depth + 1, left, out);
}

struct php_value php_array_summary(struct php_heap *heap, const struct php_array *array)
{
    if (array->len == 1 && !array->open && array->at->value.type != PHP_ARRAY)
        return array->at->value;
    struct php_value out = php_unknown();
    uint32_t left = SUMMARISED;
    summarise(heap, array, 0, &left, &out);
    out.given_up |= left == 0;
    return out;
}
