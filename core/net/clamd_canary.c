/* clamd_canary - texts that every ClamAV that can scan finds.
 *
 * The EICAR test file is fixed: 68 bytes (eicar.org), nothing added, since signatures by hash know
 * it too. It is kept shifted by one, so that no scanner finds it in this program.
 *
 * cli_check_mydoom_log (libclamav/special.c, in every version since 0.90) looks at files of no
 * known type: the first 64 bytes are two records of eight big-endian words; the first is the
 * complement of a key, and the other seven, each XORed with the key, sum up to the complement of
 * the key. The rest of the record is free: random.
 */
#include "clamd_parts.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#define RECORD_WORDS 8
#define RECORDS      2

static const char eicar_shifted[] =
    "Y6P\"Q&ABQ\\5]Q[Y65)Q_*8DD*8~%FJDBS.TUBOEBSE.BOUJWJSVT.UFTU.GJMF\"%I,I+";

/* Keys and second words are fixed so that the bytes are neither text nor any known magic. */
static const uint32_t keys[RECORDS] = {0x12345678, 0x13579bdf};
#define PLAIN_WORD 0x00010203

static size_t make_built_in(unsigned char *out, const uint32_t *noise)
{
    for (unsigned record = 0; record < RECORDS; record++) {
        uint32_t words[RECORD_WORDS] = {~keys[record], PLAIN_WORD};
        uint32_t sum = words[1] ^ keys[record];
        for (unsigned i = 2; i < RECORD_WORDS - 1; i++) {
            words[i] = noise[record * RECORD_WORDS + i];
            sum += words[i] ^ keys[record];
        }
        words[RECORD_WORDS - 1] = (~keys[record] - sum) ^ keys[record];
        for (unsigned i = 0; i < RECORD_WORDS; i++)
            for (unsigned shift = 0; shift < 4; shift++)
                *out++ = (unsigned char)(words[i] >> (24 - 8 * shift));
    }
    return sizeof(uint32_t) * RECORDS * RECORD_WORDS;
}

static size_t make_eicar(unsigned char *out)
{
    size_t len = sizeof eicar_shifted - 1;
    for (size_t i = 0; i < len; i++)
        out[i] = (unsigned char)(eicar_shifted[i] - 1);
    return len;
}

int clamd_canary_open(enum clamd_canary canary, struct strbuf *why)
{
    unsigned char content[128];
    uint32_t noise[RECORDS * RECORD_WORDS];
    if (getentropy(noise, sizeof noise) != 0)
        return strbuf_why(why, "no random bytes: %s", strerror(errno));
    size_t len = canary == CANARY_EICAR ? make_eicar(content) : make_built_in(content, noise);
    int fd = memfd_create("canary", MFD_CLOEXEC);
    if (fd >= 0 && write(fd, content, len) == (ssize_t)len)
        return fd;
    strbuf_why(why, "cannot make an anonymous file: %s", strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}
