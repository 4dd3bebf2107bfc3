/* duration - periods as people write them, in seconds.
 *
 * A text is a row of items, each a number and a unit; one reader takes the
 * items and two users look at them: duration_parse() adds them up,
 * duration_words() writes them out. Every sum is checked, and what is longer
 * than a thousand years is refused, so that "now minus period" is always safe.
 */
#include "spamgear/base/duration.h"

#include <strings.h>

struct unit {
    const char *name, *plural;
    int64_t seconds;
    const char *word; /* what a report calls a one-letter unit */
};

static const struct unit units[] = {
    {"s", NULL, 1, "second"},
    {"sec", "secs", 1, NULL},
    {"second", "seconds", 1, NULL},
    {"m", NULL, 60, "minute"},
    {"min", "mins", 60, NULL},
    {"minute", "minutes", 60, NULL},
    {"h", NULL, 3600, "hour"},
    {"hour", "hours", 3600, NULL},
    {"d", NULL, 86400, "day"},
    {"day", "days", 86400, NULL},
    {"w", NULL, 604800, "week"},
    {"week", "weeks", 604800, NULL},
    {"fortnight", "fortnights", 1209600, NULL},
    {"month", "months", 2592000, NULL},
    {"year", "years", 31536000, NULL},
};

#define LONGEST INT64_C(31536000000) /* a thousand years */

struct item {
    struct span number; /* empty: the unit stands alone */
    struct span word;   /* empty: plain seconds */
    const struct unit *unit;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static const char *skip_blanks(const char *p)
{
    while (*p == ' ' || *p == '\t')
        p++;
    return p;
}

static struct span take_while(const char **p, bool belongs(char))
{
    const char *start = *p;
    while (belongs(**p))
        ++*p;
    return span_of(start, *p);
}

static bool is_word(struct span s, const char *word)
{
    return word != NULL && strlen(word) == s.len && strncasecmp(s.at, word, s.len) == 0;
}

static const struct unit *find_unit(struct span word)
{
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (is_word(word, units[i].name) || is_word(word, units[i].plural))
            return &units[i];
    return NULL;
}

/* The item at *text, which moves on behind it. False when there is none. */
static bool take_item(const char **text, struct item *item)
{
    const char *p = skip_blanks(*text);
    bool has_sign = *p == '+';
    if (has_sign)
        p = skip_blanks(p + 1);
    item->number = take_while(&p, is_digit);
    p = skip_blanks(p);
    item->word = take_while(&p, is_letter);
    item->unit = find_unit(item->word);
    *text = skip_blanks(p);
    if (item->word.len == 0)
        return item->number.len > 0;
    return item->unit != NULL && (!has_sign || item->number.len > 0);
}

/* Adds one item's seconds to *sum; false when that is longer than LONGEST. */
static bool add_item(const struct item *item, int64_t *sum)
{
    unsigned long long count = 1;
    if (item->number.len > 0 && !span_number(item->number, &count))
        return false;
    int64_t unit = item->unit == NULL ? 1 : item->unit->seconds, seconds;
    return !__builtin_mul_overflow(count, unit, &seconds) &&
           !__builtin_add_overflow(*sum, seconds, sum) && *sum <= LONGEST;
}

static int64_t refuse(struct strbuf *why, const char *text, const char *reason)
{
    return strbuf_why(why, "\"%.80s\" %s", text, reason);
}

/* Why there is no item at `at`, in terms of what people try. */
static int64_t refuse_item(struct strbuf *why, const char *text, const char *at,
                           const struct item *item)
{
    if (*at == '-')
        return refuse(why, text, "is no period: it must not be negative");
    if (is_word(item->word, "ago"))
        return refuse(why, text, "is no period: leave out \"ago\"");
    return refuse(why, text,
                  "is no period; write \"1hour\", \"30 minutes\", \"2 days\" or plain seconds");
}

int64_t duration_parse(const char *text, struct strbuf *why)
{
    int64_t sum = 0;
    const char *p = skip_blanks(text), *start = p;
    do {
        struct item item;
        const char *at = p;
        if (!take_item(&p, &item))
            return refuse_item(why, text, at, &item);
        bool alone = at == start && *p == '\0';
        if (item.unit == NULL && !alone && *p != '.' && *p != ',')
            return refuse(why, text, "is no period: one of its numbers has no unit");
        if (!add_item(&item, &sum))
            return refuse(why, text, "is too long a period: at most 1000 years");
    } while (*p != '\0');
    return sum > 0 ? sum : refuse(why, text, "is no period: it must be longer than zero");
}

static bool is_one(struct span number)
{
    unsigned long long n;
    return span_number(number, &n) && n == 1;
}

static void add_words(struct strbuf *out, const struct item *item)
{
    const char *word = item->unit == NULL ? "second" : item->unit->word;
    if (item->number.len > 0) {
        strbuf_add_span(out, item->number);
        strbuf_add_char(out, ' ');
    }
    if (word == NULL) {
        strbuf_add_span(out, item->word);
        return;
    }
    strbuf_add_text(out, word);
    if (item->number.len > 0 && !is_one(item->number))
        strbuf_add_char(out, 's');
}

void duration_words(struct strbuf *out, const char *text)
{
    if (duration_parse(text, NULL) < 0) {
        strbuf_add_text(out, text);
        return;
    }
    struct item item;
    for (const char *p = text, *blank = ""; *p != '\0'; blank = " ") {
        take_item(&p, &item);
        strbuf_add_text(out, blank);
        add_words(out, &item);
    }
}
