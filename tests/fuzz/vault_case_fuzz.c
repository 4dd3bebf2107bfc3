/* vault_case - manifests: whatever is read leads nowhere but down, is written so that it is read
 * again, and then stays as it is. */
#include "spamgear/react/vault.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void check(bool ok)
{
    if (!ok)
        abort();
}

static void check_case(const struct vault_case *one)
{
    size_t total = 0;
    check(vault_is_id(one->id) && *one->path == '/' && strstr(one->path, "/../") == NULL);
    check(one->hits != NULL && one->reason != NULL && one->st.st_size >= 0 && one->when >= 0);
    check(S_ISREG(one->st.st_mode) && one->st.st_uid != (uid_t)-1 && one->st.st_gid != (gid_t)-1);
    for (size_t i = 0; i < one->attributes.len; i++)
        total += strlen(one->attributes.at[i].name) + one->attributes.at[i].value.len;
    check(total <= ATTRIBUTES_BYTES);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    struct vault_case one, again;
    struct strbuf why = {0}, first = {0}, second = {0};
    int result = vault_case_parse(&one, (struct span){(const char *)data, size}, &why);
    check((result == 0) == (why.len == 0));
    if (result == 0) {
        check_case(&one);
        vault_case_write(&one, &first);
        check(vault_case_parse(&again, strbuf_span(&first), &why) == 0);
        vault_case_write(&again, &second);
        check(span_is(strbuf_span(&first), strbuf_span(&second)));
        vault_case_clear(&again);
    }
    vault_case_clear(&one);
    strbuf_clear(&why);
    strbuf_clear(&first);
    strbuf_clear(&second);
    return 0;
}
