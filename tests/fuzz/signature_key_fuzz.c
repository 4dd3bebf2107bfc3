/* signature_key - signatures come from a server, keys and sources from the config: whatever is
 * taken is whole. */
#include "spamgear/store/signature_update.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void check(bool ok)
{
    if (!ok)
        abort();
}

static void check_sources(struct span text)
{
    struct texts words = {0};
    struct signature_sources sources;
    struct strbuf why = {0};
    char *copy = mem_text_of(text.at, text.len);
    texts_add(&words, copy);
    int result = signature_sources_read(&sources, &words, &why);
    check((result == 0) == (why.len == 0) && sources.list.len <= SIGNATURE_FILES_MAX);
    for (size_t i = 0; result == 0 && i < sources.list.len; i++)
        check(signature_set_is_name(sources.list.at[i].name) &&
              strstr(sources.list.at[i].url, "://") != NULL);
    for (size_t i = 0; result == 0 && i < sources.list.len; i++)
        fetch_check(sources.list.at[i].url, i % 2 == 0, NULL);
    signature_sources_clear(&sources);
    texts_clear(&words);
    strbuf_clear(&why);
    free(copy);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    struct span text = {(const char *)data, size};
    uint8_t key[SIGNATURE_KEY], signature[SIGNATURE_BYTES];
    bool is_key = signature_key_read(text, key), is_signature = signature_read(text, signature);
    check(!is_key || size >= SIGNATURE_KEY);
    check(!is_signature || size >= SIGNATURE_BYTES);
    check_sources(text);
    return 0;
}
