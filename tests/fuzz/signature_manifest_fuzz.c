/* signature_manifest - whatever is read is written so that it is read again, and then stays. */
#include "spamgear/store/signature_sets.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void check(bool ok)
{
    if (!ok)
        abort();
}

static void check_set(const struct signature_set *set)
{
    check(set->files.len <= SIGNATURE_FILES_MAX);
    check(strspn(set->previous, "0123456789-") == strlen(set->previous));
    for (size_t i = 0; i < set->files.len; i++) {
        const struct signature_file *file = &set->files.at[i];
        check(signature_set_is_name(file->name) && strchr(file->name, '/') == NULL);
        check(*file->name != '.' && *file->url != '\0' && file->fetched >= 0);
        check(file->size <= SIGNATURE_SET_BYTES);
        check(i == 0 || strcmp(set->files.at[i - 1].name, file->name) < 0);
    }
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    struct signature_set set = {0}, again = {0};
    struct strbuf why = {0}, first = {0}, second = {0};
    int result = signature_manifest_parse(&set, (struct span){(const char *)data, size}, &why);
    check((result == 0) == (why.len == 0));
    if (result == 0) {
        check_set(&set);
        signature_manifest_write(&set, &first);
        check(signature_manifest_parse(&again, strbuf_span(&first), &why) == 0);
        signature_manifest_write(&again, &second);
        check(span_is(strbuf_span(&first), strbuf_span(&second)));
    }
    signature_set_clear(&set);
    signature_set_clear(&again);
    strbuf_clear(&why);
    strbuf_clear(&first);
    strbuf_clear(&second);
    return 0;
}
