/* digest - hashes and signatures, by libcrypto (loaded on first use).
 *
 * SHA-256 names contents (allow lists, the vault); MD5 is only here because WordPress publishes
 * its checksums in it, SHA-1 because PHP code computes it; Ed25519 (RFC 8032) vouches for fetched
 * signature sets.
 * digest_load() must have succeeded before anything else is called; a sandboxed worker
 * inherits the loaded library from its parent.
 */
#ifndef SPAMGEAR_BASE_DIGEST_H
#define SPAMGEAR_BASE_DIGEST_H

#include "spamgear/base/span.h"
#include "spamgear/base/strbuf.h"
#include <stdbool.h>
#include <stdint.h>

#define DIGEST_BYTES     32                 /* of SHA-256 */
#define DIGEST_TEXT      (2 * DIGEST_BYTES) /* hexadecimal digits, without a NUL */
#define DIGEST_MD5_BYTES 16

/* Loads libcrypto; again and again is free. 0, or -1 with why ("built without ..."). */
int digest_load(struct strbuf *why);
bool digest_is_loaded(void); /* has that succeeded before? */

enum digest_kind { DIGEST_SHA256, DIGEST_MD5, DIGEST_SHA1 };

struct digest; /* a hash being made */

struct digest *digest_new(enum digest_kind kind); /* digest_finish or digest_free */
void digest_add(struct digest *digest, const void *at, size_t len);
/* Writes 32 (SHA-256), 16 (MD5) or 20 (SHA-1) bytes and frees. */
void digest_finish(struct digest *digest, uint8_t *out);
void digest_free(struct digest *digest); /* gives it up; NULL is fine */

/* SHA-256 of some bytes. */
void digest_of(struct span bytes, uint8_t out[DIGEST_BYTES]);
/* Of everything fd gives from its start (pread; the offset stays). *size may be NULL. 0, or -1
 * with why; a regular file that grows meanwhile is a failure, so it ends. */
int digest_of_file(int fd, uint8_t out[DIGEST_BYTES], uint64_t *size, struct strbuf *why);
/* Adds that content to each of `count` hashes, in one go. */
int digest_add_file(struct digest *const *digests, size_t count, int fd, uint64_t *size,
                    struct strbuf *why);

/* Lower-case hexadecimal text, NUL added. */
void digest_text(const uint8_t hash[DIGEST_BYTES], char text[DIGEST_TEXT + 1]);
/* The first 64 digits of text as a hash; false when they are none (either case is read). */
bool digest_parse(struct span text, uint8_t hash[DIGEST_BYTES]);

/* The same for a hash of len bytes: 2 * len digits. */
void digest_hex(const uint8_t *hash, size_t len, char *text);
bool digest_unhex(struct span text, uint8_t *hash, size_t len);

/* Does the detached signature (64 bytes) of message hold under key (32 bytes)? */
bool digest_verify_ed25519(struct span message, const uint8_t signature[64], const uint8_t key[32]);

#endif
