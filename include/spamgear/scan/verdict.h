/* verdict - what is known of a file: CLEAN, FOUND or UNKNOWN, and why.
 *
 * UNKNOWN never turns into CLEAN: a file that could not be read to its end, a pattern that gave
 * up, an engine that did not answer, a worker that died. FOUND stands even when something else
 * could not be told; why then holds that too.
 *
 * A worker sends its verdict as a bounded record. The worker may have been taken over by what
 * it read, so verdict_decode believes nothing.
 */
#ifndef SPAMGEAR_SCAN_VERDICT_H
#define SPAMGEAR_SCAN_VERDICT_H

#include "spamgear/base/digest.h"
#include "spamgear/base/span.h"
#include "spamgear/base/strbuf.h"
#include "spamgear/scan/account.h"
#include "spamgear/scan/rule.h"
#include <stdbool.h>
#include <stdint.h>

#define VERDICT_FINDINGS 16 /* told of one file; further ones are counted */
#define VERDICT_EXCERPT  96 /* bytes */
#define VERDICT_DETAIL   96
#define VERDICT_WHY      200
#define VERDICT_CUTS     32    /* removed blocks told of one file */
#define VERDICT_RECORD   16384 /* bytes of an encoded record at most */

enum verdict_result { VERDICT_CLEAN, VERDICT_FOUND, VERDICT_UNKNOWN };

struct finding {
    uint32_t rule;   /* number in the rule set */
    uint32_t line;   /* from 1; 0 = the engine does not tell a place */
    uint64_t offset; /* bytes from the file's start */
    uint64_t len;    /* bytes of the match; 0 = not known */
    uint32_t layer;  /* 0 = the file itself; n = unpacked n times */
    uint8_t excerpt_len, detail_len;
    char excerpt[VERDICT_EXCERPT]; /* raw bytes around the place: escape them */
    char detail[VERDICT_DETAIL];   /* the engine's own name for it (ClamAV), raw */
};

/* What cleaning came to. */
enum verdict_cleaning {
    CLEANING_NOT_ASKED,
    CLEANING_DONE,      /* the cleaned bytes are in the job's memfd */
    CLEANING_NOTHING,   /* no cleanable rule matches */
    CLEANING_EMPTY,     /* nothing of use is left: quarantine it */
    CLEANING_MALFORMED, /* what is left is no well-formed PHP: quarantine it */
    CLEANING_STUCK      /* still found after all rounds, or a bound was reached: quarantine it */
};

struct verdict_cut {      /* a block that was removed */
    uint64_t offset, len; /* in the original file */
    uint32_t rule;
};

struct verdict {
    enum verdict_result result;
    uint32_t kinds;             /* SNIFF_* */
    uint64_t size;              /* bytes that were examined */
    bool allowed;               /* its hash is on an allow list: findings are dropped */
    bool has_hash;              /* of the whole content; made when something was found */
    uint8_t hash[DIGEST_BYTES]; /* SHA-256 */
    uint32_t findings_len, more;
    struct finding findings[VERDICT_FINDINGS];
    char why[VERDICT_WHY + 1]; /* why UNKNOWN, one sentence; raw: escape it */
    enum verdict_cleaning cleaning;
    uint64_t cleaned_size;
    uint32_t cuts_len;
    struct verdict_cut cuts[VERDICT_CUTS];
    struct account
        account; /* of what the PHP analysis judged; empty when there is nothing to say */
};

void verdict_reset(struct verdict *verdict); /* CLEAN, nothing known; cheap */

/* Says UNKNOWN unless something was found; the first reason is kept. Format as printf. */
void verdict_unknown(struct verdict *verdict, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Adds a finding (FOUND from now on); one a signature: a second of the same rule->same_as and
 * detail is dropped. NULL when it was dropped or only counted. When there is no room left, one
 * that may be acted upon replaces one that may not. */
struct finding *verdict_add(struct verdict *verdict, const struct rules *rules, uint32_t rule,
                            struct span detail);

/* Its hash is on an allow list: the findings are dropped; what could not be told stays UNKNOWN. */
void verdict_allow(struct verdict *verdict);

/* Where nothing is to be acted upon: drops findings of our own rules and of the PHP analysis that
 * are only suspicious. What others' signatures tell stays, as the originals told it. */
void verdict_drop_suspicious(struct verdict *verdict, const struct rules *rules);

/* Fills place and excerpt: text is the view in which it was found, base its offset in the
 * file, lines_before the newlines before it, [at, at + len) the match within text. */
void finding_place(struct finding *finding, struct span text, uint64_t base, uint64_t lines_before,
                   size_t at, size_t len);

/* May something be done about the file because of this finding? (Its rule is not non_cleaned.) */
bool finding_acts(const struct finding *finding, const struct rules *rules);
/* Is there a finding that may be acted upon? */
bool verdict_acts(const struct verdict *verdict, const struct rules *rules);
/* Is there a finding that cleaning could remove? */
bool verdict_cleans(const struct verdict *verdict, const struct rules *rules);

/* Appends the record's bytes: little-endian, version byte first, at most VERDICT_RECORD. */
void verdict_encode(const struct verdict *verdict, struct strbuf *out);
/* Takes one record off bytes. 0, or -1 with why for anything that verdict_encode would not
 * write for this rule set; the verdict is then UNKNOWN with the same reason, and bytes stays. */
int verdict_decode(struct verdict *verdict, struct span *bytes, const struct rules *rules,
                   struct strbuf *why);

/* "[CUSTOM] [PHP.Finger.3] [DETECTOR] [c99]" in the order of sources, names escaped, then
 * [NON-CLEANED] when nothing of it may be acted upon. Appends. */
void verdict_labels(const struct verdict *verdict, const struct rules *rules, struct strbuf *out);

#endif
