/* feeder_table - values of many rows in one piece of memory, as text that every database takes. */
#include "feeder_own.h"

#include "spamgear/base/text.h"
#include <inttypes.h>

static void add_place(struct feeder_table *table, size_t at, bool null)
{
    *vec_add(&table->places) = (struct feeder_value){at, table->bytes.len - at, null};
}

/* Not in the middle of a character. */
static size_t cut(struct span text, size_t bytes_max)
{
    size_t len = text.len;
    if (len > bytes_max)
        for (len = bytes_max; len > 0 && ((unsigned char)text.at[len] & 0xc0) == 0x80;)
            len--;
    return len;
}

void feeder_table_add(struct feeder_table *table, struct span text, size_t bytes_max)
{
    size_t at = table->bytes.len;
    text_escape(&table->bytes, text);
    struct span whole = {strbuf_text(&table->bytes) + at, table->bytes.len - at};
    table->bytes.len = at + cut(whole, bytes_max);
    add_place(table, at, false);
}

void feeder_table_number(struct feeder_table *table, int64_t number)
{
    size_t at = table->bytes.len;
    strbuf_format(&table->bytes, "%" PRId64, number);
    add_place(table, at, false);
}

void feeder_table_null(struct feeder_table *table)
{
    add_place(table, table->bytes.len, true);
}

const struct span *feeder_table_values(struct feeder_table *table)
{
    const char *bytes = strbuf_text(&table->bytes);
    table->values.len = 0;
    for (size_t i = 0; i < table->places.len; i++) {
        const struct feeder_value *place = &table->places.at[i];
        *vec_add(&table->values) =
            (struct span){place->null ? NULL : bytes + place->at, place->len};
    }
    return table->values.at;
}

void feeder_table_clear(struct feeder_table *table)
{
    strbuf_clear(&table->bytes);
    vec_clear(&table->places);
    vec_clear(&table->values);
}
