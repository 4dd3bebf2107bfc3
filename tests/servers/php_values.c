/* php_values - compares what PHP made of operations (php_values.php) with what php/value makes of
 * them. Lines on stdin; those that differ on stdout. Status 1 when one does. */
#include "spamgear/base/strbuf.h"
#include "spamgear/php/lexer.h"
#include "spamgear/php/value.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static struct php_heap heap;

/* ---- values as text: see php_values.php ---- */

static struct php_value read_value(const char **at);

static unsigned hex_digit(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static struct php_value read_text(const char **at)
{
    struct php_text text = {0};
    const char *end = strchr(*at, ';');
    char *out = php_text_room(&heap, (size_t)(end - *at) / 2, &text);
    for (; *at < end; *at += 2)
        *out++ = (char)(hex_digit((*at)[0]) << 4 | hex_digit((*at)[1]));
    ++*at;
    return php_text_value(text);
}

static struct php_value read_array(const char **at)
{
    struct php_value value = {.type = PHP_ARRAY, .array = php_array_new(&heap)};
    long left = strtol(*at, (char **)at, 10);
    for (++*at; left > 0; left--) {
        struct php_entry key;
        struct php_value name = read_value(at), element = read_value(at);
        php_array_key(&heap, &name, &key);
        php_array_set(&heap, value.array, &key, &element);
    }
    return value;
}

static struct php_value read_float(const char **at)
{
    double real = NAN;
    uint64_t bits = strtoull(*at, NULL, 16);
    if (strncmp(*at, "nan", 3) != 0)
        memcpy(&real, &bits, sizeof real);
    *at = strchr(*at, ';') + 1;
    return php_float(real);
}

static struct php_value read_value(const char **at)
{
    char type = *(*at)++;
    int64_t number;
    if (type == 's')
        return read_text(at);
    if (type == 'a')
        return read_array(at);
    if (type == 'd')
        return read_float(at);
    number = strtoll(*at, (char **)at, 10);
    ++*at;
    return type == 'n' ? php_null() : type == 'b' ? php_bool(number != 0) : php_int(number);
}

static void write_value(const struct php_value *value, struct strbuf *out);

static void write_array(const struct php_array *array, struct strbuf *out)
{
    strbuf_format(out, "a%u;", array->len);
    for (uint32_t i = 0; i < array->len; i++) {
        const struct php_entry *entry = &array->at[i];
        struct php_value key =
            entry->has_name ? php_text_value(entry->name) : php_int(entry->number);
        write_value(&key, out);
        write_value(&entry->value, out);
    }
}

static void write_value(const struct php_value *value, struct strbuf *out)
{
    uint64_t bits;
    switch (value->type) {
    case PHP_NULL: strbuf_add_text(out, "n;"); break;
    case PHP_BOOL:
    case PHP_INT:
        strbuf_format(out, "%c%" PRId64 ";", value->type == PHP_INT ? 'i' : 'b', value->number);
        break;
    case PHP_FLOAT:
        memcpy(&bits, &value->real, sizeof bits);
        if (isnan(value->real))
            strbuf_add_text(out, "dnan;");
        else
            strbuf_format(out, "d%016" PRIx64 ";", bits);
        break;
    case PHP_TEXT:
        strbuf_add_char(out, 's');
        for (uint32_t i = 0; i < value->text.len; i++)
            strbuf_format(out, "%02x", (unsigned char)value->text.at[i]);
        strbuf_add_char(out, ';');
        break;
    case PHP_ARRAY: write_array(value->array, out); break;
    default: strbuf_add_text(out, "unknown");
    }
}

/* ---- operations ---- */

static struct php_value key_of(const struct php_value *value)
{
    struct php_entry key;
    struct php_value one = php_int(1), out = {.type = PHP_ARRAY, .array = php_array_new(&heap)};
    if (!php_array_key(&heap, value, &key))
        return php_unknown();
    php_array_set(&heap, out.array, &key, &one);
    return out;
}

static const struct {
    const char *name;
    struct php_value (*compute)(struct php_heap *heap, int op, const struct php_value *a);
    int op;
} unaries[] = {
    {"!", php_unary, '!'},
    {"~", php_unary, '~'},
    {"minus", php_unary, '-'},
    {"plus", php_unary, '+'},
    {"++", php_unary, PHP_OP_INCREMENT},
    {"--", php_unary, PHP_OP_DECREMENT},
    {"int", php_cast, PHP_OP_CAST_INT},
    {"float", php_cast, PHP_OP_CAST_FLOAT},
    {"string", php_cast, PHP_OP_CAST_STRING},
    {"bool", php_cast, PHP_OP_CAST_BOOL},
    {"array", php_cast, PHP_OP_CAST_ARRAY},
};

static const struct {
    const char *name;
    int op;
} binaries[] = {
    {"**", PHP_OP_POWER},       {"<<", PHP_OP_SHIFT_LEFT},
    {">>", PHP_OP_SHIFT_RIGHT}, {"==", PHP_OP_IS_EQUAL},
    {"!=", PHP_OP_NOT_EQUAL},   {"===", PHP_OP_IS_SAME},
    {"!==", PHP_OP_NOT_SAME},   {"<=", PHP_OP_AT_MOST},
    {">=", PHP_OP_AT_LEAST},    {"&&", PHP_OP_AND},
    {"||", PHP_OP_OR},          {"<=>", PHP_OP_SPACESHIP},
    {"??", PHP_OP_COALESCE},    {"xor", 'x'},
};

static struct php_value compute(const char *name, const struct php_value *args)
{
    if (strcmp(name, "key") == 0)
        return key_of(&args[0]);
    for (size_t i = 0; i < sizeof unaries / sizeof *unaries; i++)
        if (strcmp(name, unaries[i].name) == 0)
            return unaries[i].compute(&heap, unaries[i].op, &args[0]);
    for (size_t i = 0; i < sizeof binaries / sizeof *binaries; i++)
        if (strcmp(name, binaries[i].name) == 0)
            return php_binary(&heap, binaries[i].op, &args[0], &args[1]);
    return php_binary(&heap, *name, &args[0], &args[1]);
}

/* True when they agree, or PHP refused. */
static bool check_line(char *line)
{
    struct php_value args[2] = {php_unknown(), php_unknown()};
    const char *field[4] = {"", "", "", ""}, *want = "";
    size_t fields = 0;
    struct strbuf got = {0};
    char *whole = strdup(line);
    for (char *part = strtok(line, "\t\n"); part != NULL && fields < 4; part = strtok(NULL, "\t\n"))
        want = field[fields++] = part;
    for (size_t i = 1; i + 1 < fields; i++) {
        const char *at = field[i];
        args[i - 1] = read_value(&at);
    }
    struct php_value result = compute(field[0], args);
    write_value(&result, &got);
    bool good = *want == '!' || strcmp(strbuf_text(&got), want) == 0;
    if (!good)
        printf("got %s: %s", strbuf_text(&got), whole);
    free(whole);
    strbuf_clear(&got);
    return good;
}

int main(void)
{
    char *line = NULL;
    size_t room = 0, lines = 0, wrong = 0;
    php_heap_init(&heap, 16 << 20, 1000000);
    for (; getline(&line, &room, stdin) > 0; lines++) {
        php_heap_reset(&heap);
        wrong += !check_line(line);
    }
    free(line);
    php_heap_clear(&heap);
    printf("%zu lines, %zu differ\n", lines, wrong);
    return lines > 0 && wrong == 0 ? 0 : 1;
}
