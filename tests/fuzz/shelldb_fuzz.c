/* shelldb - the first byte says whether the rest is base64 already or is put in it here, so that
 * the reader of serialised data is reached. */
#include "signature_fuzz.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void encode(struct span bytes, struct strbuf *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t have = bytes.len - i < 3 ? bytes.len - i : 3;
        uint32_t bits = 0;
        for (size_t k = 0; k < 3; k++)
            bits = bits << 8 | (k < have ? (unsigned char)bytes.at[i + k] : 0);
        for (size_t k = 0; k < 4; k++)
            strbuf_add_char(out, k <= have ? digits[bits >> (18 - 6 * k) & 63] : '=');
    }
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    if (size == 0 || size > 4096)
        return 0;
    struct span text = {(const char *)data + 1, size - 1};
    struct strbuf encoded = {0};
    if (data[0] % 2 == 0)
        encode(text, &encoded);
    else
        strbuf_add_span(&encoded, text);
    check_loader(strbuf_span(&encoded), shelldb_load);
    strbuf_clear(&encoded);
    return 0;
}
