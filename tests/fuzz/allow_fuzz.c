/* allow - lists of hashes: nothing crashes, and what is in the list is found, and only that. */
#include "spamgear/scan/allow.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void check(bool ok)
{
    if (!ok)
        abort();
}

/* Every line that begins with a hash and a blank must be in. */
static void check_lines(const struct allow_list *list, struct span text)
{
    struct span line;
    while (span_take_line(&text, &line)) {
        uint8_t hash[DIGEST_BYTES];
        if (line.len > DIGEST_TEXT && line.at[DIGEST_TEXT] == ' ' && digest_parse(line, hash))
            check(allow_has(list, hash));
    }
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    struct span text = {(const char *)data, size};
    struct allow_list *list = allow_new(), *both = allow_new();
    struct texts problems = {0};
    allow_read(list, text, "fuzz", &problems);
    allow_finish(list);
    check(problems.len <= 11 && allow_count(list) <= size / DIGEST_TEXT);
    check_lines(list, text);
    uint8_t none[DIGEST_BYTES];
    memset(none, 0x5a, sizeof none);
    check(!allow_has(list, none) || memmem(data, size, "5a5a", 4) != NULL ||
          memmem(data, size, "5A5A", 4) != NULL);
    allow_read(both, text, "fuzz", &problems);
    allow_read(both, text, "fuzz", &problems);
    allow_finish(both);
    check(allow_fingerprint(both) == allow_fingerprint(list));
    texts_clear(&problems);
    allow_free(list);
    allow_free(both);
    return 0;
}
