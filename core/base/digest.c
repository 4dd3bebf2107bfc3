/* digest - SHA-256, MD5 and Ed25519 through libcrypto 3 (EVP).
 *
 * The algorithms are fetched once, by digest_load: a worker that inherits them needs no file and
 * no provider any more, and no fetch a hash (which costs more than hashing a small file). The
 * machine's openssl.cnf is not read: it could only load code or change what is computed.
 *
 * After a successful load libcrypto can only fail for want of memory. As everywhere that ends the
 * process: a hash that is not one must not be looked up anywhere.
 */
#include "spamgear/base/digest.h"

#include "spamgear/base/mem.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef HAVE_CRYPTO
#include "spamgear/base/lazy.h"
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#define CRYPTO_FUNCTIONS(F)                                                                        \
    F(OPENSSL_init_crypto)                                                                         \
    F(ERR_clear_error)                                                                             \
    F(EVP_MD_fetch)                                                                                \
    F(EVP_MD_CTX_new)                                                                              \
    F(EVP_MD_CTX_free)                                                                             \
    F(EVP_DigestInit_ex)                                                                           \
    F(EVP_DigestUpdate)                                                                            \
    F(EVP_DigestFinal_ex)                                                                          \
    F(EVP_PKEY_new_raw_public_key)                                                                 \
    F(EVP_PKEY_free)                                                                               \
    F(EVP_DigestVerifyInit)                                                                        \
    F(EVP_DigestVerify)

CRYPTO_FUNCTIONS(LAZY_POINTER)
static const struct lazy_symbol symbols[] = {CRYPTO_FUNCTIONS(LAZY_SYMBOL){0}};

static const char *const names[] = {
    [DIGEST_SHA256] = "SHA256", [DIGEST_MD5] = "MD5", [DIGEST_SHA1] = "SHA1"};
static EVP_MD *kinds[3]; /* by enum digest_kind; fetched once, kept for ever */
static bool loaded;

int digest_load(struct strbuf *why)
{
    if (loaded)
        return 0;
    if (lazy_open((const char *const[]){"libcrypto.so.3", NULL}, symbols, why) != 0)
        return -1;
    if (p_OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1)
        return strbuf_why(why, "libcrypto cannot start");
    for (size_t i = 0; i < 3; i++)
        if (kinds[i] == NULL && (kinds[i] = p_EVP_MD_fetch(NULL, names[i], NULL)) == NULL)
            return strbuf_why(why, "libcrypto has no %s", names[i]);
    loaded = true;
    return 0;
}

static void must(bool ok)
{
    if (!ok)
        abort();
}

struct digest {
    EVP_MD_CTX *context;
};

struct digest *digest_new(enum digest_kind kind)
{
    struct digest *digest = mem_alloc(sizeof *digest);
    must(loaded);
    digest->context = p_EVP_MD_CTX_new();
    must(digest->context != NULL && p_EVP_DigestInit_ex(digest->context, kinds[kind], NULL) == 1);
    return digest;
}

void digest_add(struct digest *digest, const void *at, size_t len)
{
    must(p_EVP_DigestUpdate(digest->context, at, len) == 1);
}

void digest_finish(struct digest *digest, uint8_t *out)
{
    must(p_EVP_DigestFinal_ex(digest->context, out, NULL) == 1);
    digest_free(digest);
}

void digest_free(struct digest *digest)
{
    if (digest == NULL)
        return;
    p_EVP_MD_CTX_free(digest->context);
    free(digest);
}

bool digest_verify_ed25519(struct span message, const uint8_t signature[64], const uint8_t key[32])
{
    must(loaded);
    EVP_PKEY *public_key = p_EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key, 32);
    EVP_MD_CTX *context = p_EVP_MD_CTX_new();
    bool holds = public_key != NULL && context != NULL &&
                 p_EVP_DigestVerifyInit(context, NULL, NULL, NULL, public_key) == 1 &&
                 p_EVP_DigestVerify(context, signature, 64, (const unsigned char *)message.at,
                                    message.len) == 1;
    p_EVP_MD_CTX_free(context);
    p_EVP_PKEY_free(public_key);
    p_ERR_clear_error(); /* a signature that does not hold leaves a note */
    return holds;
}

#else

static const bool loaded = false;

int digest_load(struct strbuf *why)
{
    return strbuf_why(why, "built without libcrypto");
}

struct digest *digest_new(enum digest_kind kind)
{
    (void)kind;
    abort(); /* nobody may come here without digest_load */
}

void digest_add(struct digest *digest, const void *at, size_t len)
{
    (void)digest, (void)at, (void)len;
}

void digest_finish(struct digest *digest, uint8_t *out)
{
    (void)digest, (void)out;
    abort();
}

void digest_free(struct digest *digest)
{
    (void)digest;
}

bool digest_verify_ed25519(struct span message, const uint8_t signature[64], const uint8_t key[32])
{
    (void)message, (void)signature, (void)key;
    return false;
}

#endif

bool digest_is_loaded(void)
{
    return loaded;
}

void digest_of(struct span bytes, uint8_t out[DIGEST_BYTES])
{
    struct digest *digest = digest_new(DIGEST_SHA256);
    digest_add(digest, bytes.at, bytes.len);
    digest_finish(digest, out);
}

/* ---- files ---- */

#define BLOCK (64u << 10)

/* How much of the file lies in a hole from offset on; its zeros need not be read. size 0: ask for
 * none. */
static uint64_t hole_at(int fd, uint64_t offset, uint64_t size)
{
    if (offset >= size)
        return 0;
    off_t data = lseek(fd, (off_t)offset, SEEK_DATA);
    if (data < 0)
        return errno == ENXIO ? size - offset : 0;
    return (uint64_t)data < size ? (uint64_t)data - offset : size - offset;
}

/* Up to BLOCK bytes at offset; -1 with errno. */
static ssize_t read_block(int fd, char *block, uint64_t offset, uint64_t sparse_size)
{
    ssize_t got;
    uint64_t hole = hole_at(fd, offset, sparse_size);
    if (hole > 0) {
        size_t len = hole < BLOCK ? (size_t)hole : BLOCK;
        memset(block, 0, len);
        return (ssize_t)len;
    }
    do
        got = pread(fd, block, BLOCK, (off_t)offset);
    while (got < 0 && errno == EINTR);
    return got;
}

/* Who appends as fast as this reads must not keep it for ever: more than `most` is a failure. */
static int add_blocks(struct digest *const *digests, size_t count, int fd, uint64_t most,
                      uint64_t sparse_size, uint64_t *size, struct strbuf *why)
{
    char *block = mem_alloc(BLOCK);
    uint64_t offset = 0;
    ssize_t got;
    while ((got = read_block(fd, block, offset, sparse_size)) > 0 && offset <= most) {
        for (size_t i = 0; i < count; i++)
            digest_add(digests[i], block, (size_t)got);
        offset += (size_t)got;
    }
    int error = errno;
    free(block);
    if (got < 0)
        return strbuf_why(why, "cannot be read: %s", strerror(error));
    if (offset > most)
        return strbuf_why(why, "grew while it was read");
    if (size != NULL)
        *size = offset;
    return 0;
}

int digest_add_file(struct digest *const *digests, size_t count, int fd, uint64_t *size,
                    struct strbuf *why)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return strbuf_why(why, "cannot be read: %s", strerror(errno));
    uint64_t most = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : UINT64_MAX;
    bool sparse = S_ISREG(st.st_mode) && st.st_blocks < st.st_size / 512;
    off_t at = sparse ? lseek(fd, 0, SEEK_CUR) : -1;
    int result = add_blocks(digests, count, fd, most, sparse ? most : 0, size, why);
    if (at >= 0)
        lseek(fd, at, SEEK_SET);
    return result;
}

int digest_of_file(int fd, uint8_t out[DIGEST_BYTES], uint64_t *size, struct strbuf *why)
{
    struct digest *digest = digest_new(DIGEST_SHA256);
    if (digest_add_file(&digest, 1, fd, size, why) == 0) {
        digest_finish(digest, out);
        return 0;
    }
    digest_free(digest);
    return -1;
}

/* ---- text ---- */

void digest_hex(const uint8_t *hash, size_t len, char *text)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        text[2 * i] = digits[hash[i] >> 4];
        text[2 * i + 1] = digits[hash[i] & 15];
    }
    text[2 * len] = '\0';
}

void digest_text(const uint8_t hash[DIGEST_BYTES], char text[DIGEST_TEXT + 1])
{
    digest_hex(hash, DIGEST_BYTES, text);
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    int letter = c | 0x20;
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

bool digest_unhex(struct span text, uint8_t *hash, size_t len)
{
    if (text.len < 2 * len)
        return false;
    for (size_t i = 0; i < len; i++) {
        int high = hex_value(text.at[2 * i]), low = hex_value(text.at[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        hash[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

bool digest_parse(struct span text, uint8_t hash[DIGEST_BYTES])
{
    return digest_unhex(text, hash, DIGEST_BYTES);
}
