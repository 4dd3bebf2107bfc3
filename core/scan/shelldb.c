/* shelldb - the database of Shell-Detector (shelldetect.db).
 *
 * The file is base64 of what PHP's serialize() writes for an array of
 * signature => "name[n][class][language]". Shell-Detector (shelldetect.php, unpack() and
 * fingerprint()) looks for each signature in base64(file), then in the file itself; one that
 * begins with "bb:" is base64 of bytes that stand in the file.
 *
 * Base64 turns 3 bytes into 4 characters, so a text within it can begin at any of 4 places of such
 * a group. For each of them the bytes that all its bits are known of make one literal; a file whose
 * base64 holds the signature holds one of the four. So one search of the raw file finds all that
 * the original finds, and the same code at any other offset as well.
 *
 * Nothing of a damaged database is used: what is missing could not be told.
 */
#include "spamgear/base/text.h"
#include "spamgear/scan/signatures.h"
#include <inttypes.h>
#include <stdio.h>

/* ---- base64 (RFC 4648) ---- */

/* The value of each digit and 1; 0: it is none. */
static const unsigned char values[256] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,
    ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
    ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
    ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
    ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
    ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
    ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63, ['/'] = 64};

static int digit(char c)
{
    return values[(unsigned char)c] - 1;
}

/* How many of the characters are digits, from the start; the rest is padding in a sound text. */
static size_t digits(struct span text)
{
    size_t len = 0;
    while (len < text.len && digit(text.at[len]) >= 0)
        len++;
    return len;
}

/* Appends the bytes of which all bits are known when the digits begin at place `first` (0 to 3)
 * of a group: bits before the first whole byte and behind the last one are left out. */
static void decode(struct span text, unsigned first, struct strbuf *out)
{
    char block[512];
    uint32_t bits = 0;
    size_t len = 0;
    unsigned have = 0, skip = (8 - 6 * first % 8) % 8;
    for (size_t i = 0; i < text.len; i++) {
        bits = bits << 6 | (uint32_t)digit(text.at[i]);
        have += 6;
        if (skip > 0) { /* less than the 6 that are there now */
            have -= skip;
            skip = 0;
        } else if (have >= 8) {
            have -= 8;
            block[len++] = (char)(bits >> have);
        }
        if (len == sizeof block) {
            strbuf_add(out, block, len);
            len = 0;
        }
    }
    strbuf_add(out, block, len);
}

/* Are the bits zero that the padding behind this last digit leaves over? */
static bool leftover_is_zero(struct span text, size_t len, unsigned place)
{
    unsigned left = place == 1 ? 15 : place == 2 ? 3 : 0;
    return len == 0 || ((unsigned)digit(text.at[len - 1]) & left) == 0;
}

/* Could these digits and this padding stand at that place of a group? Padding stands at the end
 * only, at place 2 and 3, or at 3. */
static bool fits(struct span text, size_t len, unsigned first)
{
    size_t padding = text.len - len;
    unsigned place = (unsigned)((first + len) % 4); /* of the first '=' */
    if (padding == 0)
        return true;
    return (padding == 1 ? place >= 2 : padding == 2 && place == 2) &&
           leftover_is_zero(text, len, place - 1);
}

static bool is_base64(struct span text)
{
    size_t len = digits(text);
    size_t padding = text.len - len;
    return len > 0 && padding <= 2 && span_has_suffix(text, (struct span){"==", padding});
}

/* A whole text in base64, line ends left out. False when it is none. */
static bool decode_whole(struct span text, struct strbuf *out)
{
    struct strbuf plain = {0};
    struct span line;
    while (span_take_line(&text, &line)) {
        if (span_has_suffix(line, SPAN("\r")))
            line.len--;
        strbuf_add_span(&plain, line);
    }
    struct span all = strbuf_span(&plain);
    bool ok = is_base64(all) && all.len % 4 == 0 && fits(all, digits(all), 0);
    if (ok)
        decode((struct span){all.at, digits(all)}, 0, out);
    strbuf_clear(&plain);
    return ok;
}

/* ---- serialize() ---- */

#define DEPTH_MAX 4 /* the database has one level */

struct signature {
    struct span text, name; /* borrowed from the serialised text */
};

struct reader {
    struct span rest;
    size_t whole; /* bytes at the start, for offsets in messages */
    struct strbuf *why;
    VEC(struct signature) list;
};

struct value {
    char type; /* a letter of serialize() */
    struct span text;
};

static int damaged(struct reader *reader, const char *what)
{
    return strbuf_why(reader->why, "byte %zu of the decoded text: %s",
                      reader->whole - reader->rest.len, what);
}

static int expect(struct reader *reader, struct span text)
{
    if (!span_has_prefix(reader->rest, text))
        return damaged(reader, "it is cut off, or no array that PHP has serialised");
    reader->rest = span_skip(reader->rest, text.len);
    return 0;
}

/* What stands before the mark, which is at most 40 bytes away. */
static int take_until(struct reader *reader, char mark, struct span *text)
{
    size_t most = reader->rest.len < 40 ? reader->rest.len : 40;
    const char *end = most == 0 ? NULL : memchr(reader->rest.at, mark, most);
    if (end == NULL)
        return damaged(reader, "it is cut off, or a number is too long");
    *text = span_of(reader->rest.at, end);
    reader->rest = span_skip(reader->rest, text->len + 1);
    return 0;
}

static int take_count(struct reader *reader, size_t *count)
{
    struct span text;
    unsigned long long number;
    if (take_until(reader, ':', &text) != 0)
        return -1;
    if (!span_number(text, &number) || number > reader->rest.len)
        return damaged(reader, "a count is wrong");
    *count = (size_t)number;
    return 0;
}

static int take_string(struct reader *reader, struct value *value)
{
    size_t len;
    if (take_count(reader, &len) != 0 || expect(reader, SPAN("\"")) != 0)
        return -1;
    if (len > reader->rest.len)
        return damaged(reader, "a text is cut off");
    value->text = (struct span){reader->rest.at, len};
    reader->rest = span_skip(reader->rest, len);
    return expect(reader, SPAN("\";"));
}

static bool is_decimal(struct span text, bool fraction)
{
    size_t number = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        number += c >= '0' && c <= '9';
        bool sign = (c == '-' || c == '+') && (i == 0 || fraction);
        if ((c < '0' || c > '9') && !sign && !(fraction && memchr(".eENAIF", c, 7) != NULL))
            return false;
    }
    return number > 0 || fraction;
}

/* i:-12;  b:1;  d:0.5; */
static int take_number(struct reader *reader, struct value *value)
{
    if (take_until(reader, ';', &value->text) != 0)
        return -1;
    bool ok = value->type == 'b'
                  ? span_is(value->text, SPAN("0")) || span_is(value->text, SPAN("1"))
                  : value->text.len > 0 && is_decimal(value->text, value->type == 'd');
    return ok ? 0 : damaged(reader, "a number is none");
}

static int take_array(struct reader *reader, unsigned depth);

static int take_value(struct reader *reader, struct value *value, unsigned depth)
{
    value->text = (struct span){NULL, 0};
    value->type = reader->rest.len > 0 ? reader->rest.at[0] : '\0';
    if (span_has_prefix(reader->rest, SPAN("N;")))
        return expect(reader, SPAN("N;"));
    if (value->type == '\0' || strchr("ibdsa", value->type) == NULL)
        return damaged(reader, "it is cut off, or holds something else than texts and numbers");
    reader->rest = span_skip(reader->rest, 1);
    if (expect(reader, SPAN(":")) != 0)
        return -1;
    if (value->type == 's')
        return take_string(reader, value);
    return value->type == 'a' ? take_array(reader, depth + 1) : take_number(reader, value);
}

/* Behind "a:". Entries of the outermost array are kept. */
static int take_array(struct reader *reader, unsigned depth)
{
    size_t count;
    if (depth > DEPTH_MAX)
        return damaged(reader, "arrays stand too deep in each other");
    if (take_count(reader, &count) != 0 || expect(reader, SPAN("{")) != 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        struct value key, value;
        if (take_value(reader, &key, depth) != 0 || take_value(reader, &value, depth) != 0)
            return -1;
        if (key.type != 's' && key.type != 'i')
            return damaged(reader, "a key is neither text nor number");
        if (depth > 1)
            continue;
        if (key.type != 's' || value.type != 's')
            return damaged(reader, "an entry is not a signature and a name");
        *vec_add(&reader->list) = (struct signature){key.text, value.text};
    }
    return expect(reader, SPAN("}"));
}

static int read_all(struct reader *reader)
{
    if (expect(reader, SPAN("a:")) != 0 || take_array(reader, 1) != 0)
        return -1;
    if (reader->rest.len > 0)
        return damaged(reader, "something stands behind the array");
    return reader->list.len > 0 ? 0 : damaged(reader, "it holds no signature");
}

/* ---- rules of it ---- */

#define LITERALS_MAX 5 /* of a signature: one a place in a group, and its own text */

struct loader {
    struct rules *rules;
    const char *file;
    struct texts *problems;
    size_t number; /* of the signature, from 1 */
    char id[40];   /* of the signature that is being added */
    struct strbuf label;
    bool acts;
    struct strbuf literals[LITERALS_MAX];
    unsigned len;
    const char *weak; /* why no literal of it can be used, or one was left out */
    bool general;     /* one would hit ordinary files: so would the signature */
};

/* Takes "[text]" off the end of name. */
static bool take_bracket(struct span *name, struct span *text)
{
    if (!span_has_suffix(*name, SPAN("]")))
        return false;
    const char *open = span_find_last(*name, SPAN("["));
    if (open == NULL)
        return false;
    *text = span_of(open + 1, span_end(*name) - 1);
    name->len = (size_t)(open - name->at);
    return true;
}

/* "name[n][class][language]": class 0 is a shell, 1 malicious; the others are told only. */
static void read_name(struct loader *loader, struct span whole)
{
    struct span name = whole, language, class, number;
    bool sound = take_bracket(&name, &language) && take_bracket(&name, &class) &&
                 take_bracket(&name, &number) && name.len > 0;
    loader->acts = !sound || span_is(class, SPAN("0")) || span_is(class, SPAN("1"));
    strbuf_reset(&loader->label);
    strbuf_add_text(&loader->label, "[DETECTOR] [");
    text_escape(&loader->label, sound ? name : whole);
    strbuf_add_text(&loader->label, "]");
}

/* Keeps a literal of the signature unless it is weak. */
static void keep(struct loader *loader, struct strbuf *literal)
{
    const char *weak = rules_weak_literal(strbuf_span(literal));
    if (weak == NULL)
        strbuf_add_span(&loader->literals[loader->len++], strbuf_span(literal));
    else if (!loader->general)
        loader->weak = weak;
    loader->general |= weak != NULL && literal->len >= RULES_LITERAL_MIN;
}

/* Left-over bits at some place make a few short: the others still stand for the signature. */
static void keep_decoded(struct loader *loader, struct span text, struct strbuf *literal)
{
    size_t len = digits(text);
    for (unsigned first = 0; first < 4; first++) {
        strbuf_reset(literal);
        if (!fits(text, len, first))
            continue;
        decode((struct span){text.at, len}, first, literal);
        keep(loader, literal);
    }
}

/* What the original's two searches, in base64(file) and in the file, come to. */
static void keep_all(struct loader *loader, struct span text)
{
    struct strbuf literal = {0};
    bool raw = span_has_prefix(text, SPAN("bb:"));
    bool encoded = !raw && is_base64(text);
    loader->weak = "is no base64";
    if (raw && decode_whole(span_skip(text, 3), &literal))
        keep(loader, &literal);
    if (encoded)
        keep_decoded(loader, text, &literal);
    if (!raw && (!encoded || loader->len > 0)) {
        strbuf_reset(&literal);
        strbuf_add_span(&literal, text);
        keep(loader, &literal);
    }
    strbuf_clear(&literal);
}

static void add_rules(struct loader *loader)
{
    for (unsigned i = 0; i < loader->len; i++) {
        struct rule *rule = rules_add(loader->rules, RULE_SHELLDETECT, loader->id,
                                      strbuf_text(&loader->label), loader->file, 1);
        if (i == 0)
            rule->description = mem_text("Holds a signature of Shell-Detector");
        rule->severity = loader->acts ? RULE_MALICIOUS : RULE_SUSPICIOUS;
        rule->non_cleaned = !loader->acts;
        rules_need(loader->rules, strbuf_span(&loader->literals[i]), false);
    }
}

static void refuse(struct loader *loader, struct span whole)
{
    struct strbuf name = {0};
    text_escape(&name, whole);
    texts_format(loader->problems, "%s:1: signature %zu, %s: it %s", loader->file, loader->number,
                 strbuf_text(&name), loader->weak);
    strbuf_clear(&name);
}

static void add_signature(struct loader *loader, const struct signature *signature)
{
    snprintf(loader->id, sizeof loader->id, "shelldetect-%012" PRIx64,
             map_digest(signature->text.at, signature->text.len) >> 16);
    if (rules_find(loader->rules, loader->id) != NULL)
        return; /* of the same database in another folder */
    read_name(loader, signature->name);
    loader->general = false;
    keep_all(loader, signature->text);
    if (loader->len > 0 && !loader->general)
        add_rules(loader);
    else
        refuse(loader, signature->name);
    while (loader->len > 0)
        strbuf_reset(&loader->literals[--loader->len]);
}

static void add_all(struct loader *loader, const struct reader *reader)
{
    for (size_t i = 0; i < reader->list.len; i++) {
        loader->number = i + 1;
        if (!span_is(reader->list.at[i].text, SPAN("version")))
            add_signature(loader, &reader->list.at[i]);
    }
}

void shelldb_load(struct rules *rules, struct span text, const char *file, struct texts *problems)
{
    struct strbuf decoded = {0}, why = {0};
    struct loader loader = {.rules = rules, .file = file, .problems = problems};
    struct reader reader = {.why = &why};
    if (!decode_whole(text, &decoded))
        texts_format(problems, "%s:1: it is no base64, or cut off: nothing of it is used", file);
    else {
        reader.rest = strbuf_span(&decoded);
        reader.whole = reader.rest.len;
        if (read_all(&reader) == 0)
            add_all(&loader, &reader);
        else
            texts_format(problems, "%s:1: %s; nothing of it is used", file, strbuf_text(&why));
    }
    vec_clear(&reader.list);
    for (size_t i = 0; i < LITERALS_MAX; i++)
        strbuf_clear(&loader.literals[i]);
    strbuf_clear(&loader.label);
    strbuf_clear(&decoded);
    strbuf_clear(&why);
}
