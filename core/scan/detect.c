/* detect - views of a file, one after another, given to every detector of the table.
 *
 * A detector is a row: its function gets a view and adds findings to the verdict. One that
 * unpacks something calls examine_view for what it got, one layer deeper; that is the one call
 * through which every text comes, so whatever is unpacked is sniffed and searched like the
 * file itself. A detector may use the scratch buffers until it calls that.
 *
 * What a rule needs is looked for in one view: windows overlap by VIEW_OVERLAP bytes, so nothing
 * that is shorter hides between two of them, but literals that stand further apart than a
 * window is wide are not seen together.
 *
 * On the way of a clean file nothing is allocated: two fstat, one pread for each window.
 */
#include "spamgear/scan/detect.h"

#include "php_cut.h"
#include "spamgear/base/mem.h"
#include "spamgear/base/path.h"
#include "spamgear/scan/clam.h"
#include "spamgear/scan/pattern.h"
#include "spamgear/scan/php_verdict.h"
#include "spamgear/scan/sniff.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct detect_scratch {
    struct literal_hits hits;
    struct php_look *php; /* NULL: nothing is known of what PHP should look like */
    struct strbuf alone;  /* a part of a file, looked at as if it were one */
    char *buffer; /* VIEW_OVERLAP + VIEW_WINDOW bytes; what was never read into takes no memory */
};

struct detect_scratch *detect_scratch_new(const struct detect *detect)
{
    struct detect_scratch *scratch = mem_zero(1, sizeof *scratch);
    literal_hits_init(&scratch->hits, detect->rules->literals);
    if (detect->rules->php != NULL || known_bad_has_forms(&detect->rules->bad))
        scratch->php = php_look_new(NULL);
    scratch->buffer = mem_alloc(VIEW_OVERLAP + VIEW_WINDOW);
    return scratch;
}

void detect_scratch_free(struct detect_scratch *scratch)
{
    if (scratch == NULL)
        return;
    literal_hits_clear(&scratch->hits);
    php_look_free(scratch->php);
    strbuf_clear(&scratch->alone);
    free(scratch->buffer);
    free(scratch);
}

struct php_look *detect_php(struct detect_scratch *scratch)
{
    return scratch->php;
}

/* What belongs to the file at hand. */
struct examination {
    const struct detect *detect;
    struct detect_scratch *scratch;
    struct verdict *verdict;
};

static uint64_t count_lines(const char *at, size_t len)
{
    uint64_t lines = 0;
    for (size_t i = 0; i < len; i++)
        lines += at[i] == '\n';
    return lines;
}

/* ---- detector: literals and patterns of the rules ---- */

/* Does the rule's pattern match? *place gets the match; \K can make one without a place. */
static bool pattern_matches(const struct examination *x, const struct view *view,
                            const struct rule *rule, struct span *place)
{
    struct strbuf why = {0};
    struct span match;
    enum regex_result result = REGEX_GAVE_UP;
    const struct regex *regex = pattern_of(rule, &why);
    if (regex == NULL)
        verdict_unknown(x->verdict, "the pattern of rule %s: %s", rule->id, strbuf_text(&why));
    else if ((result = regex_match(regex, view->text, &match, 1)) == REGEX_GAVE_UP)
        verdict_unknown(x->verdict, "rule %s gave up", rule->id);
    if (result == REGEX_MATCH && match.at != NULL)
        *place = match;
    strbuf_clear(&why);
    return result == REGEX_MATCH;
}

/* `place` is where its watched literal stands: the finding's, unless a pattern tells better. */
static void try_rule(const struct examination *x, const struct view *view, uint32_t number,
                     struct span place)
{
    const struct rules *rules = x->detect->rules;
    const struct rule *rule = &rules->list.at[number];
    if (rule->kinds != 0 && (rule->kinds & view->kinds) == 0)
        return;
    if (!rules_needs_stand(rules, rule, &x->scratch->hits, view->text))
        return;
    if (rule->pattern_text != NULL && !pattern_matches(x, view, rule, &place))
        return;
    struct finding *finding = verdict_add(x->verdict, rules, number, (struct span){NULL, 0});
    if (finding == NULL)
        return;
    finding_place(finding, view->text, view->base, view->lines_before,
                  (size_t)(place.at - view->text.at), place.len);
    finding->layer = view->layer;
    if (view->layer > 0) {
        finding->offset = view->base;
        finding->len = 0;
        finding->line = view->unpacked_line;
    }
}

static void try_watching(const struct examination *x, const struct view *view, uint32_t literal)
{
    const struct rules *rules = x->detect->rules;
    struct span place = {view->text.at + x->scratch->hits.first[literal],
                         literals_text(rules->literals, literal).len};
    for (uint32_t i = rules->watch_first[literal]; i < rules->watch_first[literal + 1]; i++)
        try_rule(x, view, rules->watch[i], place);
}

static void find_rules(const struct examination *x, const struct view *view)
{
    const struct rules *rules = x->detect->rules;
    const struct literal_hits *hits = &x->scratch->hits;
    rules_scan(rules, view->kinds, view->text, &x->scratch->hits);
    for (size_t i = 0; i < hits->numbers.len; i++)
        try_watching(x, view, hits->numbers.at[i]);
    for (size_t i = 0; i < rules->always.len; i++)
        try_rule(x, view, rules->always.at[i], (struct span){view->text.at, 0});
}

/* ---- detector: what PHP does ---- */

static void examine_view(const struct examination *x, struct view *view);

/* What the analysis unpacked, for the other detectors: it was walked through already. */
static void examine_layers(const struct examination *x, const struct view *view)
{
    const struct php_sightings *seen = php_look_sightings(x->scratch->php);
    for (uint32_t i = 1; i < seen->layers.len; i++) {
        uint32_t line = (uint32_t)view->lines_before + php_layer_line(seen, i);
        struct view layer = {.text = seen->layers.at[i].text,
                             .base = view->base,
                             .kinds = SNIFF_PHP,
                             .layer = view->layer + 1,
                             .unpacked_line = line};
        examine_view(x, &layer);
    }
}

/* What the file as a whole does not show. What was packed is judged like the file that it would be
 * without: a wrapper says nothing, sold code is packed too. A block that was put into a file keeps
 * to itself; alone it shows what it is, however much good code stands around it. Both are found
 * before the first of them is looked at, which forgets the file. */
static void find_php_within(const struct examination *x, const struct view *view)
{
    const struct rules *rules = x->detect->rules;
    struct php_look *look = x->scratch->php;
    struct strbuf *alone = &x->scratch->alone;
    struct php_part part;
    if (rules->php == NULL || verdict_acts(x->verdict, rules))
        return;
    bool parted = php_cut_find(look, view->text, &part);
    if (php_cut_packed(look, alone) && php_look_at(look, strbuf_span(alone)))
        php_verdict_part(look, rules, view, 0, view->text.len, x->verdict);
    if (!parted || verdict_acts(x->verdict, rules))
        return;
    php_cut_alone(view->text, &part, alone);
    if (php_look_at(look, strbuf_span(alone)))
        php_verdict_part(look, rules, view, part.from, part.to - part.from, x->verdict);
}

/* A window that is not the first begins within code or within a page: what stands before its first
 * tag cannot be read. */
static void find_php(const struct examination *x, const struct view *view)
{
    struct view part = *view;
    if (x->scratch->php == NULL || view->layer > 0 || !(view->kinds & SNIFF_PHP))
        return;
    if (view->base > 0) {
        const char *tag = span_find(view->text, SPAN("<?"));
        if (tag == NULL)
            return;
        size_t skipped = (size_t)(tag - view->text.at);
        part.text = span_skip(view->text, skipped);
        part.base += skipped;
        part.lines_before += count_lines(view->text.at, skipped);
    }
    if (!php_look_at(x->scratch->php, part.text))
        return;
    php_verdict(x->scratch->php, x->detect->rules, &part, x->verdict);
    examine_layers(x, &part);
    find_php_within(x, &part);
}

/* ---- the table ---- */

static const struct detector {
    const char *name;
    void (*examine)(const struct examination *x, const struct view *view);
} detectors[] = {{"rules", find_rules}, {"php", find_php}};

/* Every text comes through here: windows of the file, and what a detector unpacks. */
static void examine_view(const struct examination *x, struct view *view)
{
    view->kinds |= sniff(view->text, view->base);
    x->verdict->kinds |= view->kinds;
    for (size_t i = 0; i < sizeof detectors / sizeof *detectors; i++)
        detectors[i].examine(x, view);
}

/* ---- windows of a file ---- */

/* Looking for holes costs two calls a window: worth it where they may be large. */
#define SPARSE_SIZE (4u << 20)

struct windows {
    int fd;
    char *buffer;
    size_t filled;
    uint64_t size;   /* as fstat told before the first read */
    uint64_t offset; /* of the next byte to read */
    uint64_t lines;  /* newlines before the buffer */
    bool sparse;
    bool ended;
};

/* Forgets the buffer's start, so that the last `keep` bytes stand there. */
static void drop(struct windows *windows, size_t keep)
{
    if (windows->filled <= keep)
        return;
    size_t dropped = windows->filled - keep;
    windows->lines += count_lines(windows->buffer, dropped);
    memmove(windows->buffer, windows->buffer + dropped, keep);
    windows->filled = keep;
}

/* Goes on behind a hole that is wider than the overlap: nothing stands in it, and what stands
 * before it has nothing to do with what stands behind. Returns how far may be read. What a
 * file system answers here is only believed when it leads onwards. */
static uint64_t skip_hole(struct windows *windows)
{
    off_t data = lseek(windows->fd, (off_t)windows->offset, SEEK_DATA);
    if (data < 0)
        data = (off_t)(errno == ENXIO ? windows->size : windows->offset);
    if ((uint64_t)data >= windows->offset + VIEW_OVERLAP) {
        drop(windows, 0);
        windows->offset = (uint64_t)data < windows->size ? (uint64_t)data : windows->size;
    }
    off_t hole = lseek(windows->fd, data, SEEK_HOLE);
    return hole > 0 && (uint64_t)hole > windows->offset ? (uint64_t)hole : UINT64_MAX;
}

/* Reads until the buffer is full, or up to `limit`. 0, or -1 with errno. Sets ended. */
static int fill(struct windows *windows, uint64_t limit)
{
    size_t room = VIEW_WINDOW;
    if (limit - windows->offset < room)
        room = (size_t)(limit - windows->offset);
    while (room > 0 && !windows->ended) {
        ssize_t got =
            pread(windows->fd, windows->buffer + windows->filled, room, (off_t)windows->offset);
        if (got < 0 && errno != EINTR)
            return -1;
        if (got < 0)
            continue;
        windows->filled += (size_t)got;
        windows->offset += (size_t)got;
        room -= (size_t)got;
        windows->ended = got == 0 || windows->offset >= windows->size;
    }
    return 0;
}

/* The next view: 1. 0: no more. -1 with errno. */
static int windows_next(struct windows *windows, struct view *view)
{
    if (windows->ended)
        return 0;
    drop(windows, VIEW_OVERLAP);
    uint64_t limit = windows->sparse ? skip_hole(windows) : UINT64_MAX, from = windows->offset;
    if (fill(windows, limit) != 0)
        return -1;
    view->text = (struct span){windows->buffer, windows->filled};
    view->base = windows->offset - windows->filled;
    view->lines_before = windows->lines;
    return windows->offset > from;
}

static void examine_windows(const struct examination *x, int fd, const struct stat *st)
{
    struct windows windows = {.fd = fd,
                              .buffer = x->scratch->buffer,
                              .size = (uint64_t)st->st_size,
                              .sparse =
                                  st->st_size >= SPARSE_SIZE && st->st_blocks < st->st_size / 512};
    struct view view = {.kinds = 0};
    int result;
    while ((result = windows_next(&windows, &view)) > 0)
        examine_view(x, &view);
    x->verdict->size = windows.offset;
    if (result < 0)
        verdict_unknown(x->verdict, "cannot be read: %s", strerror(errno));
    else if (windows.offset != windows.size)
        verdict_unknown(x->verdict, "changed while it was read");
}

/* ---- the verdict ---- */

/* What was found gets a hash, and what has the size of a file that is known to be malicious. */
static bool wants_hash(const struct examination *x)
{
    return digest_is_loaded() && x->verdict->size <= DETECT_HASH_MAX &&
           (x->verdict->result == VERDICT_FOUND ||
            known_bad_has_size(&x->detect->rules->bad, x->verdict->size));
}

static void ask_known_bad(const struct examination *x)
{
    const struct known_bad *bad = &x->detect->rules->bad;
    if (x->verdict->has_hash && known_bad_has_file(bad, x->verdict->size, x->verdict->hash))
        verdict_add(x->verdict, x->detect->rules, bad->rules[KNOWN_BAD_FILE],
                    (struct span){NULL, 0});
    else if (x->verdict->result != VERDICT_FOUND)
        x->verdict->has_hash = false;
}

static void hash_file(const struct examination *x, int fd)
{
    struct strbuf why = {0};
    if (!wants_hash(x))
        return;
    if (digest_of_file(fd, x->verdict->hash, NULL, &why) == 0)
        x->verdict->has_hash = true;
    else
        verdict_unknown(x->verdict, "%s", strbuf_text(&why));
    strbuf_clear(&why);
}

static void drop_doubts(const struct examination *x)
{
    if (!x->detect->suspicious)
        verdict_drop_suspicious(x->verdict, x->detect->rules);
    if (x->verdict->result != VERDICT_FOUND && !x->verdict->allowed)
        x->verdict->has_hash = false;
}

static void ask_allow_list(const struct examination *x)
{
    if (x->verdict->has_hash && x->detect->allow != NULL &&
        allow_has(x->detect->allow, x->verdict->hash))
        verdict_allow(x->verdict);
}

/* The hash is made before the second look at the file: else the bytes could be changed for ones
 * that are allowed after the others were found. */
void detect_file(const struct detect *detect, struct detect_scratch *scratch, int fd,
                 struct verdict *verdict)
{
    const struct examination x = {detect, scratch, verdict};
    struct stat before, after;
    verdict_reset(verdict);
    if (fstat(fd, &before) != 0 || !S_ISREG(before.st_mode)) {
        verdict_unknown(verdict, "is not a regular file");
        return;
    }
    examine_windows(&x, fd, &before);
    if (detect->clam != NULL)
        clam_scan(detect->clam, fd, verdict->size, detect->rules, verdict);
    hash_file(&x, fd);
    ask_known_bad(&x);
    if (fstat(fd, &after) != 0 || !path_same_state(&before, &after)) {
        verdict_unknown(verdict, "changed while it was read");
        verdict->has_hash = false;
    }
    ask_allow_list(&x);
    drop_doubts(&x);
}

/* In the same windows as a file, so that the same is found. */
void detect_text(const struct detect *detect, struct detect_scratch *scratch, struct span text,
                 struct verdict *verdict)
{
    const struct examination x = {detect, scratch, verdict};
    struct view view = {.kinds = 0};
    verdict_reset(verdict);
    for (size_t end = 0; end < text.len;) {
        size_t start = end > VIEW_OVERLAP ? end - VIEW_OVERLAP : 0;
        view.lines_before += count_lines(text.at + view.base, start - (size_t)view.base);
        view.base = start;
        end = text.len - end > VIEW_WINDOW ? end + VIEW_WINDOW : text.len;
        view.text = span_of(text.at + start, text.at + end);
        examine_view(&x, &view);
    }
    verdict->size = text.len;
    if (wants_hash(&x)) {
        digest_of(text, verdict->hash);
        verdict->has_hash = true;
    }
    ask_known_bad(&x);
    ask_allow_list(&x);
    drop_doubts(&x);
}
