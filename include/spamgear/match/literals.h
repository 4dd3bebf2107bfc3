/* literals - thousands of literal strings, found in one pass.
 *
 * An Aho-Corasick automaton (Aho and Corasick, CACM 18(6), 1975) over the folded bytes of a
 * piece of each literal; where a piece stands, the whole literal is compared. So memory stays
 * small however long the literals are, and exact and case-blind literals share one pass. A filter
 * in front keeps the automaton away from most of an ordinary text.
 *
 * Fill it, compile it once (about 1 ms for 2,500), then scan with one literal_hits a thread. A
 * literal costs most where it stands first; every further place in the same text is cheap.
 */
#ifndef SPAMGEAR_MATCH_LITERALS_H
#define SPAMGEAR_MATCH_LITERALS_H

#include "spamgear/base/span.h"
#include "spamgear/base/strbuf.h"
#include "spamgear/base/vec.h"
#include <stdbool.h>
#include <stdint.h>

struct literals;

struct literals *literals_new(void);
void literals_free(struct literals *set); /* NULL is fine */

/* Adds a copy and returns its number; the same text in the same case mode keeps its number.
 * nocase: ASCII letters of either case match. Literals of 23 bytes or more cost least. Once one of
 * 3 or 4 bytes is in the set a scan takes about half as long again; a single byte switches the
 * filter off. An empty one makes literals_compile fail. */
uint32_t literals_add(struct literals *set, struct span text, bool nocase);
uint32_t literals_count(const struct literals *set);
struct span literals_text(const struct literals *set, uint32_t number);
bool literals_nocase(const struct literals *set, uint32_t number);

/* A set has parts, which can be searched for without the others: for literals that only count in
 * some texts. Everything is in part 0 unless it is moved. */
#define LITERALS_PARTS 2
void literals_move(struct literals *set, uint32_t number, unsigned part);

/* Leaves it out of the search: only literals_stands finds it. For those that stand in most texts,
 * and are only asked for in few. */
void literals_leave_out(struct literals *set, uint32_t number);

/* Builds the automaton; nothing can be added afterwards. 0, or -1 with why. */
int literals_compile(struct literals *set, struct strbuf *why);

/* Which literals stand in a text, and where each stands first. {0}, then literal_hits_init. */
struct literal_hits {
    VEC(uint32_t) numbers; /* in the order found, each once */
    size_t *first;         /* by number: offset of the first place; only valid when seen */
    uint32_t *mark;        /* by number: == round when seen in this round */
    uint32_t *absent;      /* by number: == round when literals_stands did not find it */
    uint32_t round;
    unsigned parts;          /* that were searched for in this round, a bit each */
    uint64_t asked, answers; /* questions of the caller's own about the same text, a bit each */
};

void literal_hits_init(struct literal_hits *hits, const struct literals *set);
void literal_hits_clear(struct literal_hits *hits);
static inline bool literal_hits_has(const struct literal_hits *hits, uint32_t number)
{
    return hits->mark[number] == hits->round;
}

/* Finds every literal of the set that stands in text; hits starts afresh. */
void literals_scan(const struct literals *set, struct span text, struct literal_hits *hits);
/* The same for parts of the set, a bit each. */
void literals_scan_parts(const struct literals *set, unsigned parts, struct span text,
                         struct literal_hits *hits);

/* Does this one stand in the text that was scanned last? One that was left out, or is in a part
 * that was, is searched for alone, once a text. */
bool literals_stands(const struct literals *set, uint32_t number, struct span text,
                     struct literal_hits *hits);

/* "aho-corasick", for --verbose. */
const char *literals_engine(void);

#endif
