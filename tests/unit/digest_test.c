/* digest_test - known answers: FIPS 180-4 examples, RFC 1321 A.5, RFC 8032 7.1. */
#include "spamgear/base/digest.h"

#include "test.h"
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define ABC   "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
/* a million times 'a' */
#define MILLION "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"

static void test_known(void)
{
    static const struct {
        const char *text, *want;
    } cases[] = {{"abc", ABC}, {"", EMPTY}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t hash[DIGEST_BYTES];
        char text[DIGEST_TEXT + 1];
        digest_of(span_text(cases[i].text), hash);
        digest_text(hash, text);
        test_text(cases[i].text, text, cases[i].want);
    }
    uint8_t md5[DIGEST_MD5_BYTES];
    char text[2 * DIGEST_MD5_BYTES + 1];
    struct digest *digest = digest_new(DIGEST_MD5);
    digest_add(digest, "message ", 8);
    digest_add(digest, NULL, 0);
    digest_add(digest, "digest", 6);
    digest_finish(digest, md5);
    digest_hex(md5, sizeof md5, text);
    test_text("md5", text, "f96b697d7cb7938d525a2f31aaf161d0");
    digest_free(digest_new(DIGEST_SHA256));
    digest_free(NULL);
}

static void test_parse(void)
{
    static const struct {
        const char *name, *text;
        bool want;
    } cases[] = {
        {"digits", ABC, true},
        {"capitals", "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD", true},
        {"more behind", ABC "  name", true},
        {"short", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015a", false},
        {"a letter", "ga7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", false},
        {"a sign", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015a-", false},
        {"at and backtick", "@`7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
         false},
        {"nothing", "", false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t hash[DIGEST_BYTES];
        char text[DIGEST_TEXT + 1];
        bool got = digest_parse(span_text(cases[i].text), hash);
        test_number(cases[i].name, got, cases[i].want);
        if (!got)
            continue;
        digest_text(hash, text);
        test_text(cases[i].name, text, ABC);
    }
}

static void test_hash_of(const char *name, int fd, const char *want, uint64_t want_size)
{
    uint8_t hash[DIGEST_BYTES];
    char text[DIGEST_TEXT + 1];
    uint64_t size = 0;
    struct strbuf why = {0};
    test_number(name, digest_of_file(fd, hash, &size, &why), 0);
    digest_text(hash, text);
    test_text(name, text, want);
    test_number(name, (int64_t)size, (int64_t)want_size);
    strbuf_clear(&why);
}

static void test_files(void)
{
    int fd = memfd_create("digest", MFD_CLOEXEC);
    test_hash_of("an empty file", fd, EMPTY, 0);
    char *text = malloc(1000000);
    memset(text, 'a', 1000000);
    test_true("written", write(fd, text, 1000000) == 1000000);
    test_hash_of("a file, whatever the offset", fd, MILLION, 1000000);
    test_number("the offset stays", lseek(fd, 0, SEEK_CUR), 1000000);
    free(text);
    close(fd);
    uint8_t hash[DIGEST_BYTES];
    struct strbuf why = {0};
    test_number("a bad descriptor", digest_of_file(-1, hash, NULL, &why), -1);
    test_text("why", strbuf_text(&why), "cannot be read: Bad file descriptor");
    strbuf_clear(&why);
}

/* Holes at its start, in the middle and at its end hash as the zeros they stand for. */
static void test_sparse(void)
{
    static const struct {
        const char *name;
        size_t size;
        off_t places[3]; /* of a byte; 0: none */
    } rows[] = {
        {"all hole", 1000001, {0}},
        {"shorter than a block", 9000, {0}},
        {"data at the end", 1000001, {1000000}},
        {"holes between", 3000000, {1, 1500000, 2000003}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int fd = memfd_create("sparse", MFD_CLOEXEC);
        char *text = calloc(rows[i].size, 1), hex[DIGEST_TEXT + 1];
        uint8_t hash[DIGEST_BYTES];
        test_number(rows[i].name, ftruncate(fd, (off_t)rows[i].size), 0);
        for (size_t k = 0; k < 3 && rows[i].places[k] != 0; k++) {
            text[rows[i].places[k]] = 'x';
            test_number("written", pwrite(fd, "x", 1, rows[i].places[k]), 1);
        }
        digest_of((struct span){text, rows[i].size}, hash);
        digest_text(hash, hex);
        lseek(fd, 7, SEEK_SET);
        test_hash_of(rows[i].name, fd, hex, rows[i].size);
        test_number("the offset stays", lseek(fd, 0, SEEK_CUR), 7);
        free(text);
        close(fd);
    }
}

static void grow(int fd)
{
    for (off_t size = 8 << 20; size < (off_t)1 << 40; size += 65536)
        (void)!ftruncate(fd, size);
}

/* One that grows for ever must end: a child appends while the parent reads. */
static void test_growing(void)
{
    int fd = memfd_create("growing", MFD_CLOEXEC), other = dup(fd);
    test_number("starts with 8 MiB", ftruncate(fd, 8 << 20), 0);
    pid_t child = fork();
    if (child == 0) {
        grow(other);
        _exit(0);
    }
    uint8_t hash[DIGEST_BYTES];
    struct strbuf why = {0};
    if (digest_of_file(fd, hash, NULL, &why) != 0)
        test_text("why", strbuf_text(&why), "grew while it was read");
    kill(child, SIGKILL);
    test_number("reaped", waitpid(child, NULL, 0), child);
    strbuf_clear(&why);
    close(fd);
    close(other);
}

/* RFC 8032 7.1, test 3 */
static void test_signatures(void)
{
    uint8_t key[32], signature[64];
    test_true("key",
              digest_unhex(SPAN("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025"),
                           key, 32));
    test_true("signature",
              digest_unhex(SPAN("6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
                                "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"),
                           signature, 64));
    struct span message = {"\xaf\x82", 2};
    test_true("holds", digest_verify_ed25519(message, signature, key));
    test_true("of another message", !digest_verify_ed25519(SPAN("\xaf\x83"), signature, key));
    test_true("of none", !digest_verify_ed25519(SPAN(""), signature, key));
    signature[63] ^= 1;
    test_true("forged", !digest_verify_ed25519(message, signature, key));
    signature[63] ^= 1;
    key[0] ^= 1;
    test_true("by another key", !digest_verify_ed25519(message, signature, key));
    memset(key, 0xff, sizeof key);
    test_true("by a key that is none", !digest_verify_ed25519(message, signature, key));
}

/* A forked worker uses what its parent loaded. */
static void test_fork(void)
{
    pid_t child = fork();
    if (child == 0) {
        uint8_t hash[DIGEST_BYTES];
        char text[DIGEST_TEXT + 1];
        digest_of(SPAN("abc"), hash);
        digest_text(hash, text);
        _exit(strcmp(text, ABC) == 0 ? 0 : 1);
    }
    int status = -1;
    waitpid(child, &status, 0);
    test_number("in a child", status, 0);
}

int main(void)
{
    struct strbuf why = {0};
    test_true("not yet", !digest_is_loaded());
    test_number("loads", digest_load(&why), 0);
    test_number("again", digest_load(NULL), 0);
    test_true("now", digest_is_loaded());
    test_text("no word", strbuf_text(&why), "");
    test_known();
    test_parse();
    test_files();
    test_sparse();
    test_growing();
    test_signatures();
    test_fork();
    strbuf_clear(&why);
    return test_end();
}
