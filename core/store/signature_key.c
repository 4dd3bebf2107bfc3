/* signature_key - keys, signatures and sources as people and servers write them. */
#include "spamgear/base/base64.h"
#include "spamgear/store/signature_update.h"

#define BLANKS " \t\r\n"

/* RFC 8410: SEQUENCE { SEQUENCE { 1.3.101.112 } BIT STRING { the key } } */
static const struct span public_key_info = {"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00", 12};

bool signature_key_read(struct span text, uint8_t key[SIGNATURE_KEY])
{
    struct strbuf bytes = {0};
    text = span_trim(text, BLANKS);
    if (text.len == 2 * SIGNATURE_KEY)
        return digest_unhex(text, key, SIGNATURE_KEY);
    bool good = base64_read(text, &bytes);
    struct span raw = strbuf_span(&bytes);
    if (span_has_prefix(raw, public_key_info))
        raw = span_skip(raw, public_key_info.len);
    good = good && raw.len == SIGNATURE_KEY;
    if (good)
        memcpy(key, raw.at, SIGNATURE_KEY);
    strbuf_clear(&bytes);
    return good;
}

bool signature_read(struct span text, uint8_t signature[SIGNATURE_BYTES])
{
    struct strbuf bytes = {0};
    bool raw = text.len == SIGNATURE_BYTES;
    bool good = raw || base64_read(span_trim(text, BLANKS), &bytes);
    struct span found = raw ? text : strbuf_span(&bytes);
    good = good && found.len == SIGNATURE_BYTES;
    if (good)
        memcpy(signature, found.at, SIGNATURE_BYTES);
    strbuf_clear(&bytes);
    return good;
}

/* ---- sources ---- */

void signature_sources_clear(struct signature_sources *sources)
{
    for (size_t i = 0; i < sources->list.len; i++) {
        free(sources->list.at[i].name);
        free(sources->list.at[i].url);
    }
    vec_clear(&sources->list);
}

static int add_name(struct signature_sources *sources, const char *name, struct strbuf *why)
{
    if (!signature_set_is_name(name))
        return strbuf_why(why,
                          "\"%s\" is no name of a signature file: fingerprints.txt, backdoors.re, "
                          "shelldetect.db or NAME.rules",
                          name);
    for (size_t i = 0; i < sources->list.len; i++)
        if (strcmp(sources->list.at[i].name, name) == 0)
            return strbuf_why(why, "%s has two sources", name);
    if (sources->list.len == SIGNATURE_FILES_MAX)
        return strbuf_why(why, "more than %d sources", SIGNATURE_FILES_MAX);
    *vec_add(&sources->list) = (struct signature_source){.name = mem_text(name)};
    return 0;
}

/* A name, its URL, and perhaps `unsigned`. */
static int add_word(struct signature_sources *sources, const char *word, struct strbuf *why)
{
    size_t len = sources->list.len;
    struct signature_source *last = len > 0 ? &sources->list.at[len - 1] : NULL;
    bool is_url = strstr(word, "://") != NULL;
    if (last != NULL && last->url == NULL) {
        last->url = mem_text(word);
        return is_url ? 0
                      : strbuf_why(why, "after %s belongs its URL, not \"%s\"", last->name, word);
    }
    if (last != NULL && strcmp(word, "unsigned") == 0) {
        last->is_unsigned = true;
        return 0;
    }
    if (is_url)
        return strbuf_why(why, "say under which name, before the URL %s", word);
    return add_name(sources, word, why);
}

static int add_words(struct signature_sources *sources, const char *text, struct strbuf *why)
{
    int result = 0;
    while (result == 0 && *(text += strspn(text, " \t\r\n")) != '\0') {
        size_t len = strcspn(text, " \t\r\n");
        char *word = mem_text_of(text, len);
        result = add_word(sources, word, why);
        free(word);
        text += len;
    }
    return result;
}

int signature_sources_read(struct signature_sources *sources, const struct texts *words,
                           struct strbuf *why)
{
    int result = 0;
    *sources = (struct signature_sources){0};
    for (size_t i = 0; result == 0 && i < words->len; i++)
        result = add_words(sources, words->at[i], why);
    size_t len = sources->list.len;
    if (result == 0 && len > 0 && sources->list.at[len - 1].url == NULL)
        result = strbuf_why(why, "%s has no URL", sources->list.at[len - 1].name);
    return result;
}
