/* base64 - four characters at a time. */
#include "spamgear/base/base64.h"

#include <stdint.h>

static int digit(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *found = c == '\0' ? NULL : strchr(digits, c);
    return found == NULL ? -1 : (int)(found - digits);
}

/* One group, of which the last `padding` characters are padding. */
static bool read_group(const char *at, size_t padding, struct strbuf *out)
{
    uint32_t bits = 0;
    for (size_t i = 0; i < 4; i++) {
        int value = i < 4 - padding ? digit(at[i]) : at[i] == '=' ? 0 : -1;
        if (value < 0)
            return false;
        bits = bits << 6 | (uint32_t)value;
    }
    char bytes[3] = {(char)(bits >> 16), (char)(bits >> 8), (char)bits};
    strbuf_add(out, bytes, 3 - padding);
    return (bits & ((1u << 8 * padding) - 1)) == 0;
}

bool base64_read(struct span text, struct strbuf *out)
{
    if (text.len % 4 != 0)
        return false;
    size_t padding = span_has_suffix(text, SPAN("=="))  ? 2
                     : span_has_suffix(text, SPAN("=")) ? 1
                                                        : 0;
    for (size_t i = 0; i < text.len; i += 4)
        if (!read_group(text.at + i, i + 4 == text.len ? padding : 0, out))
            return false;
    return true;
}

void base64_write(struct span bytes, struct strbuf *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *p = (const unsigned char *)bytes.at;
    for (size_t i = 0; i < bytes.len; i += 3) {
        unsigned long bits = (unsigned long)p[i] << 16;
        bits |= i + 1 < bytes.len ? (unsigned long)p[i + 1] << 8 : 0;
        bits |= i + 2 < bytes.len ? p[i + 2] : 0;
        strbuf_add_char(out, digits[bits >> 18]);
        strbuf_add_char(out, digits[bits >> 12 & 63]);
        strbuf_add_char(out, i + 1 < bytes.len ? digits[bits >> 6 & 63] : '=');
        strbuf_add_char(out, i + 2 < bytes.len ? digits[bits & 63] : '=');
    }
}
