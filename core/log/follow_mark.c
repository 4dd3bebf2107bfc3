/* follow_mark - a place in a log as one line of text.
 *
 *     1 DEV INO OFFSET HEAD_LEN HEAD_HASH TAIL_LEN TAIL_HASH BEFORE
 *
 * Decimal numbers, one blank between two; BEFORE is "-" when it is not known. Another version than
 * 1 is refused, never guessed at. A mark is read back from a database, but who can write there
 * must not lead anybody out of bounds: no length is larger than what is hashed.
 */
#include "spamgear/log/follow.h"

#include "spamgear/log/stamp.h"
#include <inttypes.h>

#define NUMBERS 7

void follow_mark_write(const struct follow_mark *mark, struct strbuf *out)
{
    strbuf_format(out,
                  "1 %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu32 " %" PRIu64 " %" PRIu32
                  " %" PRIu64 " ",
                  mark->dev, mark->ino, mark->offset, mark->head_len, mark->head_hash,
                  mark->tail_len, mark->tail_hash);
    if (mark->before == STAMP_NONE)
        strbuf_add_char(out, '-');
    else
        strbuf_format(out, "%" PRId64, mark->before);
}

/* Takes what stands before the next blank; the last word has none behind it. */
static struct span take_word(struct span *text)
{
    const char *blank = text->len == 0 ? NULL : memchr(text->at, ' ', text->len);
    struct span word = blank == NULL ? *text : span_of(text->at, blank);
    *text = span_skip(*text, word.len + (blank != NULL));
    return word;
}

static bool before_read(struct span text, int64_t *before)
{
    unsigned long long number;
    *before = STAMP_NONE;
    if (span_is(text, SPAN("-")))
        return true;
    bool negative = span_has_prefix(text, SPAN("-"));
    if (!span_number(span_skip(text, negative), &number) || number > INT64_MAX)
        return false;
    *before = negative ? -(int64_t)number : (int64_t)number;
    return true;
}

static bool is_possible(const struct follow_mark *mark)
{
    return mark->tail_len <= mark->offset && (mark->tail_len > 0 || mark->offset == 0);
}

int follow_mark_read(struct span text, struct follow_mark *mark, struct strbuf *why)
{
    static const uint64_t most[NUMBERS] = {UINT64_MAX,        UINT64_MAX, INT64_MAX,
                                           FOLLOW_HEAD_BYTES, UINT64_MAX, FOLLOW_TAIL_BYTES,
                                           UINT64_MAX};
    unsigned long long n[NUMBERS];
    bool good = span_is(take_word(&text), SPAN("1"));
    for (int i = 0; i < NUMBERS && good; i++)
        good = span_number(take_word(&text), &n[i]) && n[i] <= most[i];
    if (!good)
        return strbuf_why(why, "is no place in a log of a version known here");
    *mark = (struct follow_mark){.dev = n[0],
                                 .ino = n[1],
                                 .offset = n[2],
                                 .head_len = (uint32_t)n[3],
                                 .head_hash = n[4],
                                 .tail_len = (uint32_t)n[5],
                                 .tail_hash = n[6]};
    if (!before_read(text, &mark->before) || !is_possible(mark))
        return strbuf_why(why, "is a place in a log that cannot be");
    return 0;
}
