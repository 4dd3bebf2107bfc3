/* php_balance_fuzz - any bytes. Text that balances still does with HTML before it, or, where PHP
 * is closed, behind it; and a part that php_parts_are_whole gives free leaves what balances. */
#include "../../core/scan/php_balance.h"

#include "spamgear/base/mem.h"
#include "spamgear/scan/clean.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool ok)
{
    if (!ok)
        abort();
}

static bool balances_without(struct span text, struct php_part part)
{
    struct strbuf left = {0};
    strbuf_add(&left, text.at, part.from);
    strbuf_add(&left, text.at + part.to, text.len - part.to);
    bool result = php_balance(strbuf_span(&left), NULL);
    strbuf_clear(&left);
    return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    struct span text = {mem_text_of((const char *)data + 2, size - 2), size - 2};
    struct strbuf why = {0}, more = {0};
    size_t from = text.len == 0 ? 0 : data[0] % text.len, to = from + data[1];
    bool balances = php_balance(text, &why);
    need(balances == (why.len == 0));
    strbuf_add_text(&more, "<p>\n");
    strbuf_add_span(&more, text);
    need(php_balance(strbuf_span(&more), NULL) == balances);
    struct php_part part = {from, to};
    if (balances && to <= text.len && php_parts_are_whole(text, &part, 1))
        need(balances_without(text, part));
    strbuf_clear(&why);
    strbuf_clear(&more);
    free((char *)text.at);
    return 0;
}
