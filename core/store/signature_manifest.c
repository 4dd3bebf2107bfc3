/* signature_manifest - what is in a set, as text.
 *
 *     spamgear-signatures 1
 *     previous 1795284000-00
 *     file NAME SHA256 SIZE SIGNATURES FETCHED signed|unsigned URL
 *     end
 *
 * Read as strictly as it is written: a manifest that is cut off or was edited by hand is none.
 */
#include "spamgear/scan/signatures.h"
#include "spamgear/store/signature_sets.h"
#include <ctype.h>
#include <inttypes.h>

static const struct span head = {"spamgear-signatures 1", 21};

/* ---- sets ---- */

static void clear_file(struct signature_file *file)
{
    free(file->name);
    free(file->url);
    strbuf_clear(&file->text);
}

void signature_set_clear(struct signature_set *set)
{
    for (size_t i = 0; i < set->files.len; i++)
        clear_file(&set->files.at[i]);
    vec_clear(&set->files);
    *set = (struct signature_set){0};
}

/* The first that is not before name. */
static size_t place_of(const struct signature_set *set, const char *name)
{
    size_t i = 0;
    while (i < set->files.len && strcmp(set->files.at[i].name, name) < 0)
        i++;
    return i;
}

struct signature_file *signature_set_find(const struct signature_set *set, const char *name)
{
    size_t i = place_of(set, name);
    return i < set->files.len && strcmp(set->files.at[i].name, name) == 0 ? &set->files.at[i]
                                                                          : NULL;
}

struct signature_file *signature_set_add(struct signature_set *set, const char *name)
{
    size_t i = place_of(set, name);
    if (signature_set_find(set, name) != NULL)
        return &set->files.at[i];
    (void)vec_add(&set->files);
    memmove(&set->files.at[i + 1], &set->files.at[i],
            (set->files.len - 1 - i) * sizeof *set->files.at);
    set->files.at[i] = (struct signature_file){.name = mem_text(name)};
    return &set->files.at[i];
}

void signature_set_remove(struct signature_set *set, const char *name)
{
    struct signature_file *file = signature_set_find(set, name);
    if (file == NULL)
        return;
    clear_file(file);
    size_t i = (size_t)(file - set->files.at);
    set->files.len--;
    memmove(file, file + 1, (set->files.len - i) * sizeof *file);
}

uint64_t signature_set_count(const struct signature_set *set)
{
    uint64_t count = 0;
    for (size_t i = 0; i < set->files.len; i++)
        count += set->files.at[i].signatures;
    return count;
}

bool signature_set_is_name(const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)name[i]) && strchr("._-", name[i]) == NULL)
            return false;
    return len <= SIGNATURE_NAME_MAX && signatures_source(name) != RULE_SOURCES;
}

/* ---- writing ---- */

void signature_manifest_write(const struct signature_set *set, struct strbuf *out)
{
    strbuf_add_span(out, head);
    strbuf_add_char(out, '\n');
    if (*set->previous != '\0')
        strbuf_format(out, "previous %s\n", set->previous);
    for (size_t i = 0; i < set->files.len; i++) {
        const struct signature_file *file = &set->files.at[i];
        char hash[DIGEST_TEXT + 1];
        digest_text(file->hash, hash);
        strbuf_format(out, "file %s %s %" PRIu64 " %" PRIu64 " %" PRId64 " %s %s\n", file->name,
                      hash, file->size, file->signatures, file->fetched,
                      file->is_signed ? "signed" : "unsigned", file->url);
    }
    strbuf_add_text(out, "end\n");
}

/* ---- reading ---- */

/* The next word of the line, which ends at a blank or the end. */
static struct span take_word(struct span *line)
{
    const char *blank = line->len == 0 ? NULL : memchr(line->at, ' ', line->len);
    struct span word = blank == NULL ? *line : span_of(line->at, blank);
    *line = span_skip(*line, word.len + (blank != NULL));
    return word;
}

static bool take_number(struct span *line, uint64_t most, uint64_t *number)
{
    unsigned long long value;
    bool good = span_number(take_word(line), &value) && value <= most;
    *number = good ? value : 0;
    return good;
}

static bool take_signed(struct span *line, bool *is_signed)
{
    struct span word = take_word(line);
    *is_signed = span_is(word, SPAN("signed"));
    return *is_signed || span_is(word, SPAN("unsigned"));
}

static bool take_hash(struct span *line, uint8_t hash[DIGEST_BYTES])
{
    struct span word = take_word(line);
    return word.len == DIGEST_TEXT && digest_parse(word, hash);
}

static bool is_printable(struct span text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] <= ' ' || text.at[i] > '~')
            return false;
    return text.len > 0;
}

static bool parse_file(struct signature_set *set, struct span line)
{
    struct span word = take_word(&line);
    uint64_t fetched;
    if (word.len > SIGNATURE_NAME_MAX || memchr(word.at, '\0', word.len) != NULL ||
        set->files.len == SIGNATURE_FILES_MAX)
        return false;
    char name[SIGNATURE_NAME_MAX + 1] = "";
    memcpy(name, word.at, word.len);
    if (!signature_set_is_name(name) || signature_set_find(set, name) != NULL)
        return false;
    struct signature_file *file = signature_set_add(set, name);
    bool good = take_hash(&line, file->hash) &&
                take_number(&line, SIGNATURE_SET_BYTES, &file->size) &&
                take_number(&line, UINT32_MAX, &file->signatures) &&
                take_number(&line, INT64_MAX, &fetched) && take_signed(&line, &file->is_signed) &&
                is_printable(line);
    if (!good)
        return false;
    file->fetched = (int64_t)fetched;
    file->url = mem_text_of(line.at, line.len);
    return true;
}

static bool parse_previous(struct signature_set *set, struct span line)
{
    if (*set->previous != '\0' || set->files.len > 0 || line.len >= SIGNATURE_SET_ID)
        return false;
    memcpy(set->previous, line.at, line.len);
    set->previous[line.len] = '\0';
    return is_printable(line) && strspn(set->previous, "0123456789-") == line.len;
}

static bool parse_line(struct signature_set *set, struct span line)
{
    struct span key = take_word(&line);
    if (line.len == 0)
        return false;
    return span_is(key, SPAN("file"))       ? parse_file(set, line)
           : span_is(key, SPAN("previous")) ? parse_previous(set, line)
                                            : false;
}

int signature_manifest_parse(struct signature_set *set, struct span text, struct strbuf *why)
{
    struct span line;
    unsigned number = 1;
    bool ends = span_has_suffix(text, SPAN("\nend\n"));
    if (!ends || !span_take_line(&text, &line) || !span_is(line, head))
        return strbuf_why(why, "its manifest is none, or cut off");
    text.len -= 4;
    while (span_take_line(&text, &line)) {
        number++;
        if (!parse_line(set, line))
            return strbuf_why(why, "line %u of its manifest is wrong", number);
    }
    return 0;
}
