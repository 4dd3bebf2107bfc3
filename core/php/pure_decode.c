/* pure_decode - what turns encoded bytes into others and back.
 *
 * base64, hex, URL, quoted-printable and uuencode, zlib's formats, hashes. The rules for broken
 * input are those of php-src (ext/standard/base64.c, uuencode.c, quot_print.c, ext/zlib): decoders
 * of malware rely on them. Where PHP warns and returns false the result cannot be told.
 */
#include "pure_parts.h"

#include "spamgear/base/digest.h"
#include "spamgear/base/inflate.h"
#include <endian.h>

/* ---- base64 ---- */

static const char base64_letters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

#define BASE64_PADDING 64
#define BASE64_BLANK   65
#define BASE64_WRONG   66

/* By byte: the digit's value, or one of the three above. */
static const uint8_t base64_values[256] = {
    66, 66, 66, 66, 66, 66, 66, 66, 66, 65, 65, 66, 66, 65, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66,
    66, 66, 66, 66, 66, 66, 66, 66, 65, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 62, 66, 66, 66, 63,
    52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 66, 66, 66, 64, 66, 66, 66, 0,  1,  2,  3,  4,  5,  6,
    7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 66, 66, 66, 66, 66,
    66, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48,
    49, 50, 51, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66,
    66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66,
    66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66,
    66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66,
    66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66,
    66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66,
};

static uint8_t base64_value(char c)
{
    return base64_values[(unsigned char)c];
}

struct base64 {
    char *out;
    size_t len, digits, padding;
};

/* Four digits at a time, as long as nothing else stands between them. Returns how many bytes. */
static size_t base64_fours(struct span in, struct base64 *into)
{
    size_t i = 0;
    char *out = into->out;
    for (; in.len - i >= 4; i += 4) {
        const unsigned a = base64_value(in.at[i]), b = base64_value(in.at[i + 1]),
                       c = base64_value(in.at[i + 2]), d = base64_value(in.at[i + 3]);
        if ((a | b | c | d) >= BASE64_PADDING)
            break;
        *out++ = (char)(a << 2 | b >> 4);
        *out++ = (char)(b << 4 | c >> 2);
        *out++ = (char)(c << 6 | d);
    }
    into->len = i / 4 * 3;
    into->digits = i;
    return i;
}

static void base64_add(struct base64 *into, unsigned value)
{
    switch (into->digits++ % 4) {
    case 0: into->out[into->len] = (char)(value << 2); break;
    case 1:
        into->out[into->len++] |= (char)(value >> 4);
        into->out[into->len] = (char)(value << 4);
        break;
    case 2:
        into->out[into->len++] |= (char)(value >> 2);
        into->out[into->len] = (char)(value << 6);
        break;
    default: into->out[into->len++] |= (char)value;
    }
}

/* False: strict, and it is no base64. */
static bool base64_decode(struct span in, bool strict, struct base64 *into)
{
    for (size_t i = base64_fours(in, into); i < in.len; i++) {
        unsigned value = base64_value(in.at[i]);
        if (value == BASE64_PADDING)
            into->padding++;
        else if (value < BASE64_PADDING && !(strict && into->padding > 0))
            base64_add(into, value);
        else if (strict && value != BASE64_BLANK)
            return false;
    }
    size_t padding = into->padding;
    return !strict || (into->digits % 4 != 1 &&
                       (padding == 0 || (padding <= 2 && (into->digits + padding) % 4 == 0)));
}

static bool do_base64_decode(struct pure *p)
{
    struct span in;
    bool strict;
    if (!pure_read(p, 0, &in) || !pure_truth(p, 1, false, &strict))
        return false;
    struct base64 into = {.out = pure_room(p, in.len / 4 * 3 + 4)};
    if (into.out == NULL)
        return false;
    if (!base64_decode(in, strict, &into))
        return pure_give_bool(p, false);
    return pure_give_part(p, (struct span){into.out, into.len});
}

static bool do_base64_encode(struct pure *p)
{
    struct span in;
    char *out = pure_read(p, 0, &in) ? pure_room(p, (in.len + 2) / 3 * 4) : NULL;
    if (out == NULL)
        return false;
    for (size_t i = 0; i < in.len; i += 3) {
        uint32_t three = (uint32_t)(unsigned char)in.at[i] << 16;
        if (i + 1 < in.len)
            three |= (uint32_t)(unsigned char)in.at[i + 1] << 8;
        if (i + 2 < in.len)
            three |= (unsigned char)in.at[i + 2];
        *out++ = base64_letters[three >> 18];
        *out++ = base64_letters[three >> 12 & 63];
        *out++ = i + 1 < in.len ? base64_letters[three >> 6 & 63] : '=';
        *out++ = i + 2 < in.len ? base64_letters[three & 63] : '=';
    }
    return true;
}

/* ---- hexadecimal ---- */

static bool do_bin2hex(struct pure *p)
{
    struct span in;
    char *out = pure_read(p, 0, &in) ? pure_room(p, 2 * in.len) : NULL;
    for (size_t i = 0; out != NULL && i < in.len; i++) {
        out[2 * i] = "0123456789abcdef"[(unsigned char)in.at[i] >> 4];
        out[2 * i + 1] = "0123456789abcdef"[in.at[i] & 15];
    }
    return out != NULL;
}

static bool do_hex2bin(struct pure *p)
{
    struct span in;
    char *out = pure_read(p, 0, &in) && in.len % 2 == 0 ? pure_room(p, in.len / 2) : NULL;
    if (out == NULL)
        return false;
    for (size_t i = 0; i < in.len; i += 2) {
        int high = pure_hex(in.at[i]), low = pure_hex(in.at[i + 1]);
        if (high < 0 || low < 0)
            return false;
        out[i / 2] = (char)(high << 4 | low);
    }
    return true;
}

/* ---- URLs ---- */

static bool url_decode(struct pure *p, bool plus)
{
    struct span in;
    char *out = pure_read(p, 0, &in) ? pure_room(p, in.len) : NULL;
    size_t len = 0;
    if (out == NULL)
        return false;
    for (size_t i = 0; i < in.len; i++) {
        bool hex = in.at[i] == '%' && i + 2 < in.len && pure_hex(in.at[i + 1]) >= 0 &&
                   pure_hex(in.at[i + 2]) >= 0;
        out[len++] = plus && in.at[i] == '+' ? ' ' : in.at[i];
        if (hex) {
            out[len - 1] = (char)(pure_hex(in.at[i + 1]) << 4 | pure_hex(in.at[i + 2]));
            i += 2;
        }
    }
    return pure_give_part(p, (struct span){out, len});
}

static bool do_urldecode(struct pure *p)
{
    return url_decode(p, true);
}

static bool do_rawurldecode(struct pure *p)
{
    return url_decode(p, false);
}

static bool url_encode(struct pure *p, bool raw)
{
    struct span in;
    struct pure_out out = {.call = p};
    bool ok = pure_read(p, 0, &in);
    for (size_t i = 0; ok && i < in.len; i++) {
        char c = in.at[i];
        if (pure_is_alpha(c) || pure_is_digit(c) || c == '-' || c == '_' || c == '.' ||
            (raw && c == '~')) {
            pure_add_char(&out, c);
        } else if (!raw && c == ' ') {
            pure_add_char(&out, '+');
        } else {
            pure_add_char(&out, '%');
            pure_add_char(&out, "0123456789ABCDEF"[(unsigned char)c >> 4]);
            pure_add_char(&out, "0123456789ABCDEF"[c & 15]);
        }
    }
    return pure_done(&out, ok);
}

static bool do_urlencode(struct pure *p)
{
    return url_encode(p, false);
}

static bool do_rawurlencode(struct pure *p)
{
    return url_encode(p, true);
}

/* ---- quoted-printable ---- */

/* Behind "=": the length of a soft line break, -1 when there is none. */
static int64_t soft_break(struct span rest)
{
    size_t n = 0;
    while (n < rest.len && (rest.at[n] == ' ' || rest.at[n] == '\t'))
        n++;
    if (n == rest.len || rest.at[n] == '\0')
        return (int64_t)n;
    if (rest.at[n] != '\r' && rest.at[n] != '\n')
        return -1;
    bool both = rest.at[n] == '\r' && n + 1 < rest.len && rest.at[n + 1] == '\n';
    return (int64_t)n + 1 + both;
}

static bool do_quoted_printable_decode(struct pure *p)
{
    struct span in;
    char *out = pure_read(p, 0, &in) ? pure_room(p, in.len) : NULL;
    size_t len = 0, i = 0;
    if (out == NULL)
        return false;
    while (i < in.len) {
        struct span rest = span_skip(in, i + 1);
        int64_t skip = 0;
        if (in.at[i] != '=') {
            out[len++] = in.at[i];
        } else if (rest.len >= 2 && pure_hex(rest.at[0]) >= 0 && pure_hex(rest.at[1]) >= 0) {
            out[len++] = (char)(pure_hex(rest.at[0]) << 4 | pure_hex(rest.at[1]));
            skip = 2;
        } else if ((skip = soft_break(rest)) < 0) {
            out[len++] = '=';
            skip = 0;
        }
        i += 1 + (size_t)skip;
    }
    return pure_give_part(p, (struct span){out, len});
}

/* ---- uuencode ---- */

static unsigned uu_value(struct span in, size_t i)
{
    return i < in.len ? ((unsigned)(unsigned char)in.at[i] - ' ') & 63 : 32;
}

/* Four characters at i as three bytes. */
static void uu_group(struct span in, size_t i, char out[3])
{
    unsigned a = uu_value(in, i), b = uu_value(in, i + 1), c = uu_value(in, i + 2),
             d = uu_value(in, i + 3);
    out[0] = (char)(a << 2 | b >> 4);
    out[1] = (char)(b << 4 | c >> 2);
    out[2] = (char)(c << 6 | d);
}

static bool do_convert_uudecode(struct pure *p)
{
    struct span in;
    if (!pure_read(p, 0, &in) || in.len == 0)
        return false; /* versions differ about the empty text */
    char *out = pure_room(p, in.len + 4);
    size_t len = 0, total = 0, i = 0, n;
    if (out == NULL)
        return false;
    while (i < in.len && (n = uu_value(in, i++)) != 0) {
        size_t end = i + (n == 45 ? 60 : (size_t)((double)n * 1.33));
        if (n > in.len || end > in.len)
            return false;
        total += n;
        for (; i < end; i += 4, len += 3) {
            if (i + 4 > in.len)
                return false;
            uu_group(in, i, out + len);
        }
        if (n < 45)
            break;
        i++;
    }
    if (total > len + 3)
        return false;
    if (total > len)
        uu_group(in, i, out + len);
    return pure_give_part(p, (struct span){out, total});
}

static void uu_add(struct pure_out *out, unsigned value)
{
    pure_add_char(out, value % 64 == 0 ? '`' : (char)(value % 64 + ' '));
}

static unsigned byte_at(struct span in, size_t i)
{
    return i < in.len ? (unsigned char)in.at[i] : 0;
}

static bool do_convert_uuencode(struct pure *p)
{
    struct span in;
    struct pure_out out = {.call = p};
    if (!pure_read(p, 0, &in) || in.len == 0)
        return false;
    for (size_t line = 0; line < in.len; line += 45) {
        size_t end = in.len - line < 45 ? in.len : line + 45;
        uu_add(&out, (unsigned)(end - line));
        for (size_t i = line; i < end; i += 3) {
            unsigned a = byte_at(in, i), b = byte_at(in, i + 1), c = byte_at(in, i + 2);
            uu_add(&out, a >> 2);
            uu_add(&out, a << 4 | b >> 4);
            uu_add(&out, b << 2 | c >> 6);
            uu_add(&out, c);
        }
        pure_add_char(&out, '\n');
    }
    pure_add(&out, SPAN("`\n"));
    return pure_done(&out, true);
}

/* ---- zlib ---- */

#define INFLATE_PIECE 16384

/* Feeds the text and, as PHP does, the NUL behind it. *ended: the stream was complete. */
static bool inflate_all(struct inflate *inflate, struct span in, struct pure_out *out, bool *ended)
{
    unsigned char piece[INFLATE_PIECE];
    static const unsigned char nul[1];
    struct inflate_io io = {.in = (const unsigned char *)in.at, .in_len = in.len};
    enum inflate_result result = INFLATE_GOES_ON;
    bool at_nul = false;
    *ended = false;
    while (result == INFLATE_GOES_ON && !out->full) {
        io.out = piece;
        io.out_len = sizeof piece;
        result = inflate_step(inflate, &io);
        size_t got = sizeof piece - io.out_len;
        pure_add(out, (struct span){(const char *)piece, got});
        if (!pure_pay(out->call, got))
            return false;
        if (result == INFLATE_GOES_ON && got == 0) {
            if (io.in_len > 0 || at_nul)
                return true;
            io.in = nul;
            io.in_len = 1;
            at_nul = true;
        }
    }
    *ended = result == INFLATE_ENDED;
    return !out->full;
}

static bool inflate_as(struct pure *p, enum inflate_kind kind)
{
    struct pure_out out = {.call = p};
    struct span in;
    int64_t most;
    bool ended = false;
    if (!pure_read(p, 0, &in) || !pure_int_or(p, 1, 0, &most) || most < 0)
        return false;
    struct inflate *inflate = inflate_new(kind, NULL);
    bool ok = inflate != NULL && inflate_all(inflate, in, &out, &ended);
    inflate_free(inflate);
    if (most > 0 && out.text.len > (size_t)most)
        ended = false;
    return pure_done(&out, ok && ended);
}

static bool do_gzinflate(struct pure *p)
{
    return inflate_as(p, INFLATE_RAW);
}

static bool do_gzuncompress(struct pure *p)
{
    return inflate_as(p, INFLATE_ZLIB);
}

static bool do_gzdecode(struct pure *p)
{
    return inflate_as(p, INFLATE_GZIP);
}

/* Any wrapping, or none. */
static bool do_zlib_decode(struct pure *p)
{
    return inflate_as(p, INFLATE_ANY) || (p->heap->spent == NULL && inflate_as(p, INFLATE_RAW));
}

/* ---- hashes ---- */

#define HASH_MOST 32 /* bytes */

static bool hash_give(struct pure *p, const uint8_t *hash, size_t len, bool raw)
{
    char *out = pure_room(p, raw ? len : 2 * len);
    char text[2 * HASH_MOST + 1];
    if (out == NULL)
        return false;
    digest_hex(hash, len, text);
    memcpy(out, raw ? (const char *)hash : text, raw ? len : 2 * len);
    return true;
}

static bool digest_give(struct pure *p, struct span in, enum digest_kind kind, bool raw)
{
    static const size_t lens[] = {
        [DIGEST_SHA256] = DIGEST_BYTES, [DIGEST_MD5] = DIGEST_MD5_BYTES, [DIGEST_SHA1] = 20};
    uint8_t hash[HASH_MOST];
    if (!digest_is_loaded() && digest_load(NULL) != 0)
        return false;
    struct digest *digest = digest_new(kind);
    digest_add(digest, in.at, in.len);
    digest_finish(digest, hash);
    return hash_give(p, hash, lens[kind], raw);
}

static uint32_t crc32_of(struct span in)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < in.len; i++) {
        crc ^= (unsigned char)in.at[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
    }
    return ~crc;
}

static bool hash_first(struct pure *p, enum digest_kind kind)
{
    struct span in;
    bool raw;
    return pure_read(p, 0, &in) && pure_truth(p, 1, false, &raw) && pure_pay(p, 4 * in.len) &&
           digest_give(p, in, kind, raw);
}

static bool do_md5(struct pure *p)
{
    return hash_first(p, DIGEST_MD5);
}

static bool do_sha1(struct pure *p)
{
    return hash_first(p, DIGEST_SHA1);
}

/* Salts, keys, rare algorithms: what matters is that the result is a hash. */
static bool do_untold(struct pure *p)
{
    (void)p;
    return false;
}

static bool do_crc32(struct pure *p)
{
    struct span in;
    return pure_read(p, 0, &in) && pure_pay(p, 16 * in.len) && pure_give_int(p, crc32_of(in));
}

static bool do_hash(struct pure *p)
{
    struct span name, in;
    bool raw;
    if (!pure_span(p, 0, &name) || !pure_read(p, 1, &in) || !pure_truth(p, 2, false, &raw) ||
        !pure_pay(p, 16 * in.len))
        return false;
    if (name.len == 3 && strncasecmp(name.at, "md5", 3) == 0)
        return digest_give(p, in, DIGEST_MD5, raw);
    if (name.len == 4 && strncasecmp(name.at, "sha1", 4) == 0)
        return digest_give(p, in, DIGEST_SHA1, raw);
    if (name.len == 6 && strncasecmp(name.at, "sha256", 6) == 0)
        return digest_give(p, in, DIGEST_SHA256, raw);
    if (name.len != 6 || strncasecmp(name.at, "crc32b", 6) != 0)
        return false;
    uint32_t crc = htobe32(crc32_of(in));
    return hash_give(p, (const uint8_t *)&crc, sizeof crc, raw);
}

/* ---- one byte for another ---- */

static bool do_str_rot13(struct pure *p)
{
    struct span in;
    char *out = pure_read(p, 0, &in) ? pure_room(p, in.len) : NULL;
    for (size_t i = 0; out != NULL && i < in.len; i++) {
        unsigned letter = ((unsigned char)in.at[i] | 0x20u) - 'a'; /* 26 or more: none */
        out[i] = (char)(in.at[i] + (letter < 13 ? 13 : letter < 26 ? -13 : 0));
    }
    return out != NULL;
}

static bool do_strrev(struct pure *p)
{
    struct span in;
    char *out = pure_read(p, 0, &in) ? pure_room(p, in.len) : NULL;
    for (size_t i = 0; out != NULL && i < in.len; i++)
        out[i] = in.at[in.len - 1 - i];
    return out != NULL;
}

static bool do_chr(struct pure *p)
{
    int64_t code;
    if (!pure_int(p, 0, &code))
        return false;
    *p->result = php_text_value(php_text_byte((unsigned char)code));
    return true;
}

static bool do_ord(struct pure *p)
{
    struct span in;
    return pure_span(p, 0, &in) && pure_give_int(p, (int64_t)byte_at(in, 0));
}

const struct php_pure pure_decoders[] = {
    {"base64_decode", 1, 2, PHP_PURE_HIDES, do_base64_decode},
    {"base64_encode", 1, 1, PHP_PURE_HIDES, do_base64_encode},
    {"bin2hex", 1, 1, PHP_PURE_HIDES, do_bin2hex},
    {"chr", 1, 1, PHP_PURE_HIDES, do_chr},
    {"convert_uudecode", 1, 1, PHP_PURE_HIDES, do_convert_uudecode},
    {"convert_uuencode", 1, 1, PHP_PURE_HIDES, do_convert_uuencode},
    {"crc32", 1, 1, PHP_PURE_NUMBER | PHP_PURE_HASH, do_crc32},
    {"crypt", 1, 2, PHP_PURE_HASH, do_untold},
    {"gzdecode", 1, 2, PHP_PURE_HIDES, do_gzdecode},
    {"gzinflate", 1, 2, PHP_PURE_HIDES, do_gzinflate},
    {"gzuncompress", 1, 2, PHP_PURE_HIDES, do_gzuncompress},
    {"hash", 2, 3, PHP_PURE_HASH, do_hash},
    {"hash_hmac", 3, 4, PHP_PURE_HASH, do_untold},
    {"hex2bin", 1, 1, PHP_PURE_HIDES, do_hex2bin},
    {"md5", 1, 2, PHP_PURE_HASH, do_md5},
    {"ord", 1, 1, PHP_PURE_NUMBER, do_ord},
    {"quoted_printable_decode", 1, 1, PHP_PURE_HIDES, do_quoted_printable_decode},
    {"rawurldecode", 1, 1, PHP_PURE_HIDES, do_rawurldecode},
    {"rawurlencode", 1, 1, 0, do_rawurlencode},
    {"sha1", 1, 2, PHP_PURE_HASH, do_sha1},
    {"str_rot13", 1, 1, PHP_PURE_HIDES, do_str_rot13},
    {"strrev", 1, 1, PHP_PURE_HIDES, do_strrev},
    {"urldecode", 1, 1, PHP_PURE_HIDES, do_urldecode},
    {"urlencode", 1, 1, 0, do_urlencode},
    {"zlib_decode", 1, 2, PHP_PURE_HIDES, do_zlib_decode},
    {0}};
