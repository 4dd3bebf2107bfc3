/* php_pure_calls SCRIPT ANSWERS SEED - random calls of every pure function, for comparing.
 *
 * Writes a PHP script that makes them and prints a line a call (its number, the name, the value),
 * and to ANSWERS what core/php/pure gives, in the same form: "?" where it cannot be told. All
 * arguments are made here.
 */
#include "spamgear/php/pure.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define EACH 60 /* calls of a function */

static uint64_t state;

static unsigned any(unsigned below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)(state >> 33) % below;
}

/* What arguments a function is given (argument() says what the letters mean); others get anything.
 * Behind "-" they may be left out, as may be all that the function does not need. */
static const struct {
    const char *name, *kinds;
} signatures[] = {
    {"abs", "f"},
    {"addslashes", "t"},
    {"array_chunk", "Adb"},
    {"array_column", "A"},
    {"array_combine", "aA"},
    {"array_diff", "aaa"},
    {"array_diff_key", "AAA"},
    {"array_fill", "ddv"},
    {"array_fill_keys", "Av"},
    {"array_flip", "a"},
    {"array_intersect", "aa"},
    {"array_intersect_key", "AA"},
    {"array_key_exists", "sa"},
    {"array_key_first", "A"},
    {"array_key_last", "A"},
    {"array_keys", "A-v"},
    {"array_merge", "AAA"},
    {"array_pad", "Anv"},
    {"array_product", "l"},
    {"array_replace", "AAA"},
    {"array_reverse", "Ab"},
    {"array_search", "sab"},
    {"array_slice", "Ann-b"},
    {"array_sum", "l"},
    {"array_unique", "a"},
    {"array_values", "A"},
    {"base64_decode", "eb"},
    {"base64_encode", "t"},
    {"base_convert", "Ddd"},
    {"basename", "/-/"},
    {"bin2hex", "t"},
    {"bindec", "B"},
    {"boolval", "v"},
    {"ceil", "f"},
    {"chop", "tc"},
    {"chr", "i"},
    {"chunk_split", "td-s"},
    {"convert_uudecode", "u"},
    {"convert_uuencode", "t"},
    {"count", "A"},
    {"count_chars", "td"},
    {"crc32", "t"},
    {"current", "A"},
    {"decbin", "i"},
    {"dechex", "i"},
    {"decoct", "i"},
    {"dirname", "/-d"},
    {"end", "A"},
    {"explode", "1tn"},
    {"floatval", "v"},
    {"floor", "f"},
    {"fmod", "ff"},
    {"gettype", "m"},
    {"gzdecode", "z"},
    {"gzinflate", "z"},
    {"gzuncompress", "z"},
    {"hash", "Mtb"},
    {"hex2bin", "h"},
    {"hexdec", "D"},
    {"html_entity_decode", "Hd"},
    {"htmlentities", "Hd"},
    {"htmlspecialchars", "Hd"},
    {"htmlspecialchars_decode", "Hd"},
    {"implode", "sa"},
    {"in_array", "sab"},
    {"intdiv", "ii"},
    {"intval", "v-d"},
    {"ip2long", "4"},
    {"join", "sa"},
    {"key", "A"},
    {"key_exists", "sa"},
    {"lcfirst", "t"},
    {"long2ip", "i"},
    {"ltrim", "tc"},
    {"max", "fff"},
    {"md5", "tb"},
    {"min", "fff"},
    {"nl2br", "tb"},
    {"number_format", "f-d"},
    {"octdec", "O"},
    {"ord", "t"},
    {"pack", "Piii"},
    {"pos", "A"},
    {"pow", "nd"},
    {"preg_match", "Et"},
    {"preg_replace", "EWt"},
    {"preg_split", "Et-in"},
    {"preg_quote", "t1"},
    {"quoted_printable_decode", "q"},
    {"quotemeta", "t"},
    {"range", "NNd"},
    {"rawurldecode", "U"},
    {"rawurlencode", "t"},
    {"reset", "A"},
    {"round", "f"},
    {"rtrim", "tc"},
    {"sha1", "tb"},
    {"serialize", "A"},
    {"unserialize", "Y"},
    {"sizeof", "A"},
    {"sprintf", "Fvvv"},
    {"sqrt", "f"},
    {"str_contains", "t1"},
    {"str_ends_with", "t1"},
    {"str_ireplace", "RRS"},
    {"str_pad", "tdsd"},
    {"str_repeat", "td"},
    {"str_replace", "RRS"},
    {"str_rot13", "t"},
    {"str_split", "td"},
    {"str_starts_with", "t1"},
    {"str_word_count", "t"},
    {"strcasecmp", "ss"},
    {"strchr", "t1b"},
    {"strcmp", "ss"},
    {"strcspn", "tsnn"},
    {"stripcslashes", "t"},
    {"stripos", "t1n"},
    {"stripslashes", "t"},
    {"strip_tags", "H"},
    {"stristr", "t1b"},
    {"strlen", "t"},
    {"strncasecmp", "ssd"},
    {"strncmp", "ssd"},
    {"strpos", "t1n"},
    {"strrchr", "t1"},
    {"strrev", "t"},
    {"strripos", "t1n"},
    {"strrpos", "t1n"},
    {"strspn", "tsnn"},
    {"strstr", "t1b"},
    {"strtolower", "t"},
    {"strtoupper", "t"},
    {"strtr", "tss"},
    {"strval", "v"},
    {"substr", "tn-n"},
    {"substr_count", "t1nn"},
    {"substr_replace", "tsn-n"},
    {"trim", "tc"},
    {"ucfirst", "t"},
    {"ucwords", "tc"},
    {"unpack", "kt"},
    {"urldecode", "U"},
    {"urlencode", "t"},
    {"utf8_decode", "H"},
    {"utf8_encode", "t"},
    {"vsprintf", "FA"},
    {"wordwrap", "tdsb"},
    {"zlib_decode", "z"},
};

static const char *kinds_of(const char *name)
{
    for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++)
        if (strcmp(signatures[i].name, name) == 0)
            return signatures[i].kinds;
    return NULL;
}

/* ---- arguments ---- */

static struct php_heap heap;

static struct php_value text_of(struct span bytes)
{
    struct php_text copy;
    return php_text_copy(&heap, bytes, &copy) ? php_text_value(copy) : php_unknown();
}

static struct php_value letters(const char *set, unsigned most)
{
    char bytes[256];
    unsigned len = any(most + 1), count = (unsigned)strlen(set);
    for (unsigned i = 0; i < len; i++)
        bytes[i] = set[any(count)];
    return text_of((struct span){bytes, len});
}

static struct php_value any_bytes(void)
{
    char bytes[64];
    unsigned len = any(sizeof bytes);
    for (unsigned i = 0; i < len; i++)
        bytes[i] = (char)any(256);
    return text_of((struct span){bytes, len});
}

static struct php_value any_text(void)
{
    switch (any(6)) {
    case 0: return any_bytes();
    case 1: return letters("ab", 12);
    case 2: return letters("abcABC .,-_\\'\"/", 40);
    case 3: return letters("0123456789", 6);
    case 4: return letters("hello world\n\r\t 0\\", 30);
    default: return letters("aAbBcC%=+&#;<>x0123 ", 30);
    }
}

static struct php_value any_int(void)
{
    static const int64_t rare[] = {INT64_MAX, INT64_MIN, INT32_MAX, 256, -1, 65535, 1000000};
    return php_int(any(4) == 0 ? rare[any(7)] : (int64_t)any(300) - 100);
}

static struct php_value any_number(void)
{
    static const double reals[] = {0.5, -1.5, 2.25, 3.14159, 1e10, -0.001, 100.0, 7.0};
    return any(2) ? any_int() : php_float(reals[any(8)]);
}

static struct php_value any_scalar(void)
{
    switch (any(6)) {
    case 0: return php_bool(any(2));
    case 1: return php_null();
    case 2: return any_number();
    case 3: return letters("0123456789.e- ", 5);
    default: return any_text();
    }
}

static struct php_value array_of(struct php_value (*element)(void), bool named)
{
    struct php_value value = php_null(), key, content;
    value.type = PHP_ARRAY;
    value.array = php_array_new(&heap);
    for (unsigned i = any(7); i > 0; i--) {
        struct php_entry entry;
        bool plain = !named || any(2);
        key = any(2) ? letters("abc", 2) : php_int((int64_t)any(9));
        content = element();
        if (!plain)
            php_array_key(&heap, &key, &entry);
        php_array_set(&heap, value.array, plain ? NULL : &entry, &content);
    }
    return value;
}

static struct php_value short_text(void)
{
    return letters("abc", 3);
}

static struct php_value any_kind(void)
{
    return any(4) ? any_scalar() : array_of(any_scalar, true);
}

/* Bytes through one of our own encoders, sometimes with a byte changed. */
static struct php_value encoded(const char *encoder)
{
    struct php_value in = any_text();
    const struct php_pure *pure = php_pure_find(span_text(encoder));
    struct php_value out = php_pure_call(&heap, pure, &in, 1);
    if (out.type != PHP_TEXT || out.text.len == 0 || any(2))
        return out;
    out = text_of(php_text_span(out.text));
    ((char *)(uintptr_t)out.text.at)[any(out.text.len)] = (char)any(256);
    return out;
}

/* Ready-made streams, sometimes cut or changed. */
static struct php_value compressed(void)
{
    static const struct span streams[] = {
        {"\x2b\x49\x2d\x2e\x01\x00", 6},
        {"\x78\x9c\x2b\x49\x2d\x2e\x01\x00\x04\x5d\x01\xc1", 12},
        {"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x2b\x49\x2d\x2e\x01\x00\x0c\x7e\x7f\xd8\x04\x00"
         "\x00\x00",
         24},
        {"\x4b\x4c\x1c\x05\xa3\x00\x00", 7},
        {"\x03\x00", 2}};
    struct php_value value = text_of(streams[any(5)]);
    if (any(3) == 0)
        value.text.len = any(value.text.len + 1);
    else if (any(3) == 0)
        ((char *)(uintptr_t)value.text.at)[any(value.text.len)] = (char)any(256);
    return value;
}

static struct php_value one_of(const char *const *list, unsigned count)
{
    return text_of(span_text(list[any(count)]));
}
#define ONE_OF(...)                                                                                \
    one_of((const char *const[]){__VA_ARGS__},                                                     \
           sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

static struct php_value format_text(void)
{
    static const char *const parts[] = {
        "%s",    "%d",   "%05d",  "%-5s|", "%'*10s", "%x",    "%X", "%c", "%b",   "%o",
        "%u",    "%+d",  "%5.1f", "%e",    "%1$s",   "%2$s",  "%%", "a",  "%.3s", "%'010d",
        "%-05d", "%05s", "%f",    "%.2F",  "%-8x|",  "%+05d", "%5", "%z"};
    char bytes[128] = "";
    for (unsigned i = any(5); i > 0; i--)
        strcat(bytes, parts[any(sizeof parts / sizeof *parts - (any(4) > 0 ? 2 : 0))]);
    return text_of(span_text(bytes));
}

static struct php_value html_text(void)
{
    static const char *const parts[] = {
        "&amp;", "&lt;",   "&gt;",   "&quot;",    "&#39;",    "&#039;",   "&#x41;", "&#65",
        "&#0;",  "&#128;", "&#xe9;", "a",         "&",        "&apos;",   "&amp",   "<b>",
        "</b>",  "\"",     "'",      "&#x1F600;", "\xc3\xa9", "&#xD800;", "text"};
    char bytes[160] = "";
    for (unsigned i = any(9); i > 0; i--)
        strcat(bytes, parts[any(sizeof parts / sizeof *parts)]);
    return text_of(span_text(bytes));
}

/* The rarer kinds. */
static struct php_value special(char kind)
{
    switch (kind) {
    case 'p': return ONE_OF("H*", "A5", "a*", "Z*", "Z3", "h*", "H3");
    case 'P':
        return ONE_OF("C*", "N", "v2", "n*", "V", "J", "x2C", "C3X1C", "C2@5", "q", "c*", "s");
    case 'k':
        return ONE_OF("C*", "H*", "Nlen/a*rest", "v2x/Cy", "h4", "A*", "Z*a", "c2", "a3b/x/Cd",
                      "n*k", "qz", "H3q", "l", "x2/Ca");
    case 'E':
        return ONE_OF("/a/", "#[a-c]+#i", "/(a)(b)?/", "{\\d+}", "/\\s*/", "//", "/b|/", "/a*?/",
                      "/(?<n>.)a/s", "~^.~m", "/[/", "a", "/a/e", "/x/u", "/A/iD", "(a(b))U",
                      "/ a/x", "/[^a-z]/", "/\\//");
    case 'W': return ONE_OF("", "<$0>", "\\1", "${1}x", "$2$1", "\\\\", "$", "\\$1", "$9", "x");
    case 'F': return format_text();
    case 'H': return html_text();
    case 'D': return letters("0123456789abcdefABCDEF", 10);
    case 'B': return letters("01", 20);
    case 'O': return letters("01234567", 9);
    case '/': return letters("/ab.", 12);
    case '4':
        return ONE_OF("1.2.3.4", "255.255.255.255", "1.2.3", "1.2.3.256", "0.0.0.0", "a",
                      "01.2.3.4");
    case 'c': return ONE_OF("a..c", " \t", "abc", "x", "0..9", "a..", "..");
    case 'M': return ONE_OF("md5", "sha1", "sha256", "crc32b", "MD5", "adler32");
    case '1': return ONE_OF("a", "b", "ab", "l", " ", "A");
    case 'R': return any(2) ? short_text() : array_of(short_text, false);
    case 'S': return any(4) ? any_text() : array_of(any_text, true);
    default: return any_kind();
    }
}

static struct php_value argument(char kind)
{
    switch (kind) {
    case 't': return any_text();
    case 's': return short_text();
    case 'i': return any_int();
    case 'N': /* never anything else: PHP would run out of memory */
    case 'n': return php_int((int64_t)any(12) - 4);
    case 'd': return php_int((int64_t)any(8));
    case 'a': return array_of(short_text, true);
    case 'A': return array_of(any_scalar, true);
    case 'l': return array_of(any_int, true);
    case 'g': return array_of(any_number, false);
    case 'b': return php_bool(any(2));
    case 'f': return any_number();
    case 'v': return any_scalar();
    case 'e': return encoded("base64_encode");
    case 'h': return encoded("bin2hex");
    case 'u': return encoded("convert_uuencode");
    case 'U': return encoded("rawurlencode");
    case 'Y': return encoded("serialize");
    case 'q': return letters("=aA4 1\r\n\t", 30);
    case 'z': return compressed();
    default: return special(kind);
    }
}

/* ---- writing ---- */

static void write_hex(FILE *to, struct php_text text, const char *before)
{
    for (uint32_t i = 0; i < text.len; i++)
        fprintf(to, "%s%02x", before, (unsigned char)text.at[i]);
}

static void write_scalar(FILE *to, const struct php_value *value, bool source)
{
    switch (value->type) {
    case PHP_NULL: fputs("null", to); break;
    case PHP_BOOL: fputs(value->number ? "true" : "false", to); break;
    case PHP_INT:
        if (source && value->number == INT64_MIN)
            fputs("PHP_INT_MIN", to);
        else
            fprintf(to, source ? "(%" PRId64 ")" : "i%" PRId64, value->number);
        break;
    case PHP_FLOAT:
        if (source)
            fprintf(to, "(float)(%.17g)", value->real);
        else
            fprintf(to, "f%016" PRIx64, value->real == 0 ? 0 : (uint64_t)value->number);
        break;
    default:
        fputs(source ? "\"" : "s", to);
        write_hex(to, value->text, source ? "\\x" : "");
        fputs(source ? "\"" : "", to);
    }
}

static void write_value(FILE *to, const struct php_value *value, bool source)
{
    if (value->type != PHP_ARRAY) {
        write_scalar(to, value, source);
        return;
    }
    fputs("[", to);
    for (uint32_t i = 0; i < value->array->len; i++) {
        const struct php_entry *entry = &value->array->at[i];
        struct php_value key =
            entry->has_name ? php_text_value(entry->name) : php_int(entry->number);
        write_scalar(to, &key, source);
        fputs("=>", to);
        if (entry->value.type == PHP_ARRAY) /* deep enough: no function nests more */
            write_value(to, &entry->value, source);
        else
            write_scalar(to, &entry->value, source);
        fputs(",", to);
    }
    fputs("]", to);
}

static const char prologue[] =
    "<?php\n"
    "error_reporting(0); ini_set('precision', 14);\n"
    "function show($v) {\n"
    "    if (is_array($v)) {\n"
    "        $all = '[';\n"
    "        foreach ($v as $k => $e) $all .= show($k) . '=>' . show($e) . ',';\n"
    "        return $all . ']';\n"
    "    }\n"
    "    if (is_string($v)) return 's' . bin2hex($v);\n"
    "    if (is_int($v)) return 'i' . $v;\n"
    "    if (is_float($v)) return 'f' . bin2hex(pack('E', $v == 0 ? 0.0 : $v));\n"
    "    return $v === null ? 'null' : ($v ? 'true' : 'false');\n"
    "}\n"
    "function call($n, $name, $args) {\n"
    "    if (!function_exists($name)) { echo \"$n $name ?\\n\"; return; }\n"
    "    try { $v = show($name(...$args)); } catch (\\Throwable $e) { $v = 'thrown'; }\n"
    "    echo \"$n $name $v\\n\";\n"
    "}\n";

static size_t make_arguments(const struct php_pure *pure, struct php_value *args)
{
    const char *kinds = kinds_of(pure->name);
    size_t count = 0, most = pure->most > 4 ? 4 : pure->most;
    while (count < most) {
        if (count >= pure->least && any(2) == 0)
            break;
        if (kinds != NULL && *kinds == '-')
            kinds++;
        char kind = kinds == NULL || *kinds == '\0' ? 'm' : *kinds++;
        bool odd = kind != 'd' && kind != 'N' && any(12) == 0;
        args[count++] = odd ? any_kind() : argument(kind);
    }
    return count;
}

static void make_call(FILE *script, FILE *answers, const char *name, unsigned number)
{
    const struct php_pure *pure = php_pure_find(span_text(name));
    struct php_value args[4];
    php_heap_reset(&heap);
    size_t count = make_arguments(pure, args);
    fprintf(script, "call(%u, '%s', [", number, name);
    for (size_t i = 0; i < count; i++) {
        write_value(script, &args[i], true);
        fputs(", ", script);
    }
    fputs("]);\n", script);
    struct php_value got = php_pure_call(&heap, pure, args, count);
    fprintf(answers, "%u %s ", number, name);
    if (got.type == PHP_UNKNOWN)
        fputs("?", answers);
    else
        write_value(answers, &got, false);
    fputs("\n", answers);
}

int main(int argc, char **argv)
{
    size_t count;
    unsigned number = 0;
    const char *const *names = php_pure_names(&count);
    FILE *script = argc == 4 ? fopen(argv[1], "w") : NULL;
    FILE *answers = argc == 4 ? fopen(argv[2], "w") : NULL;
    if (script == NULL || answers == NULL || php_pure_load(NULL) != 0)
        return 2;
    state = strtoull(argv[3], NULL, 10) * 0x9e3779b97f4a7c15 + 1;
    php_heap_init(&heap, 8 << 20, 10000000);
    fputs(prologue, script);
    for (size_t i = 0; i < count; i++)
        for (unsigned n = 0; n < EACH; n++)
            make_call(script, answers, names[i], number++);
    php_heap_clear(&heap);
    return fclose(script) == 0 && fclose(answers) == 0 ? 0 : 2;
}
