/* scan_diff - a unified diff of cuts.
 *
 * Each cut is a hunk: the lines it touches, and what is left of them. Cuts in the same line
 * share a hunk. Line numbers are those of the original and of the result.
 */
#include "spamgear/report/scan_diff.h"

#include "spamgear/base/text.h"
#include <inttypes.h>

struct hunk {
    size_t first, last; /* cuts */
    size_t from, to;    /* bytes: whole lines */
};

static size_t line_start(struct span text, size_t at)
{
    const char *newline = at == 0 ? NULL : memrchr(text.at, '\n', at);
    return newline == NULL ? 0 : (size_t)(newline + 1 - text.at);
}

static size_t line_end(struct span text, size_t at)
{
    const char *newline = at >= text.len ? NULL : memchr(text.at + at, '\n', text.len - at);
    return newline == NULL ? text.len : (size_t)(newline + 1 - text.at);
}

static size_t count_lines(struct span text)
{
    struct span line;
    size_t lines = 0;
    while (span_take_line(&text, &line))
        lines++;
    return lines;
}

static void add_lines(struct strbuf *out, char mark, struct span text)
{
    struct span line;
    while (span_take_line(&text, &line)) {
        strbuf_add_char(out, mark);
        text_escape(out,
                    (struct span){line.at, line.len < SCAN_DIFF_LINE ? line.len : SCAN_DIFF_LINE});
        if (line.len > SCAN_DIFF_LINE)
            strbuf_format(out, "... (%zu bytes)", line.len);
        strbuf_add_char(out, '\n');
    }
}

/* The lines of a hunk without its cuts. */
static void keep_rest(struct strbuf *rest, struct span text, const struct verdict *verdict,
                      const struct hunk *hunk)
{
    size_t at = hunk->from;
    for (size_t i = hunk->first; i <= hunk->last; i++) {
        const struct verdict_cut *cut = &verdict->cuts[i];
        if (cut->offset > at)
            strbuf_add(rest, text.at + at, cut->offset - at);
        if (cut->offset + cut->len > at)
            at = cut->offset + cut->len;
    }
    if (hunk->to > at)
        strbuf_add(rest, text.at + at, hunk->to - at);
}

static void add_hunk(struct strbuf *out, struct span text, const struct verdict *verdict,
                     const struct hunk *hunk, size_t *removed_lines)
{
    struct strbuf rest = {0};
    struct span old = {text.at + hunk->from, hunk->to - hunk->from};
    keep_rest(&rest, text, verdict, hunk);
    size_t line = count_lines((struct span){text.at, hunk->from}) + 1;
    size_t old_lines = count_lines(old), new_lines = count_lines(strbuf_span(&rest));
    strbuf_format(out, "@@ -%zu,%zu +%zu,%zu @@\n", line, old_lines, line - *removed_lines,
                  new_lines);
    add_lines(out, '-', old);
    add_lines(out, '+', strbuf_span(&rest));
    *removed_lines += old_lines - (new_lines < old_lines ? new_lines : old_lines);
    strbuf_clear(&rest);
}

static int cut_order(const void *a, const void *b)
{
    const struct verdict_cut *x = a, *y = b;
    return x->offset < y->offset ? -1 : x->offset > y->offset;
}

/* The cuts in their order, and only those that lie within the text. */
static size_t take_cuts(struct verdict_cut *cuts, const struct verdict *verdict, size_t text_len)
{
    size_t len = 0;
    for (size_t i = 0; i < verdict->cuts_len; i++) {
        const struct verdict_cut *cut = &verdict->cuts[i];
        if (cut->offset <= text_len && cut->len > 0 && cut->len <= text_len - cut->offset)
            cuts[len++] = *cut;
    }
    qsort(cuts, len, sizeof *cuts, cut_order);
    return len;
}

void scan_diff(struct strbuf *out, struct span path, struct span text,
               const struct verdict *verdict)
{
    struct verdict sorted;
    size_t removed = 0;
    sorted.cuts_len = (uint32_t)take_cuts(sorted.cuts, verdict, text.len);
    strbuf_add_text(out, "--- ");
    text_escape(out, path);
    strbuf_add_text(out, "\n+++ ");
    text_escape(out, path);
    strbuf_add_text(out, " (cleaned)\n");
    for (size_t i = 0; i < sorted.cuts_len;) {
        struct hunk hunk = {i, i, line_start(text, sorted.cuts[i].offset),
                            line_end(text, sorted.cuts[i].offset + sorted.cuts[i].len - 1)};
        while (hunk.last + 1 < sorted.cuts_len && sorted.cuts[hunk.last + 1].offset < hunk.to) {
            const struct verdict_cut *cut = &sorted.cuts[++hunk.last];
            size_t end = line_end(text, cut->offset + cut->len - 1);
            hunk.to = end > hunk.to ? end : hunk.to;
        }
        add_hunk(out, text, &sorted, &hunk, &removed);
        i = hunk.last + 1;
    }
}
