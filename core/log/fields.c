/* fields - the parts of fields.h that loop. */
#include "spamgear/log/fields.h"

#include <limits.h>

const char *field_find(struct span s, struct span mark)
{
    size_t anchor = mark.len > 1 && mark.at[0] == ' '; /* blanks are everywhere */
    if (mark.len == 0 || s.len < mark.len)
        return NULL;
    const char *p = s.at + anchor, *end = s.at + s.len - mark.len + anchor + 1;
    for (; p < end && (p = memchr(p, mark.at[anchor], (size_t)(end - p))) != NULL; p++)
        if (memcmp(p - anchor, mark.at, mark.len) == 0)
            return p - anchor;
    return NULL;
}

bool field_digits(struct span *s, struct span *digits)
{
    size_t n = 0;
    while (n < s->len && s->at[n] >= '0' && s->at[n] <= '9')
        n++;
    if (n == 0)
        return false;
    *digits = (struct span){s->at, n};
    *s = span_skip(*s, n);
    return true;
}

static bool is_address_byte(char c)
{
    return (c >= '0' && c <= ':') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == '.';
}

bool field_is_address(struct span s)
{
    bool parted = false; /* a bare number or word is no address */
    size_t i = 0;
    for (; i < s.len && is_address_byte(s.at[i]); i++)
        parted |= s.at[i] == '.' || s.at[i] == ':';
    if (parted && i < s.len && s.at[i] == '%') /* a zone: an interface name */
        for (i++; i < s.len && s.at[i] > ' ' && s.at[i] < 0x7f && s.at[i] != ']'; i++)
            ;
    return parted && i == s.len;
}

unsigned field_count(struct span digits)
{
    unsigned long long n;
    return span_number(digits, &n) && n <= UINT_MAX ? (unsigned)n : 0;
}

/* One walk over a list: what is open at this byte. */
struct walk {
    bool quoted;    /* in "..." */
    bool escaped;   /* after a backslash inside it */
    bool bracketed; /* in <...> */
};

/* Moves over c; true when c stands outside quotes and brackets. */
static bool walk_step(struct walk *walk, char c)
{
    if (walk->escaped) {
        walk->escaped = false;
        return false;
    }
    if (walk->quoted) {
        walk->escaped = c == '\\';
        walk->quoted = c != '"';
        return false;
    }
    walk->quoted = c == '"';
    if (walk->bracketed) {
        walk->bracketed = c != '>';
        return false;
    }
    walk->bracketed = c == '<';
    return !walk->quoted;
}

/* Has it neither quotes nor brackets, so that every byte means itself? */
static bool is_plain(struct span s)
{
    return s.len == 0 || (memchr(s.at, '"', s.len) == NULL && memchr(s.at, '<', s.len) == NULL);
}

/* Counts the parts of a list whose commas all part. */
static unsigned count_plain(struct span list)
{
    unsigned count = 0;
    struct span part;
    for (bool more = true; more;) {
        more = field_until(&list, ',', &part);
        if (!more)
            part = list;
        while (part.len > 0 && (part.at[0] == ' ' || part.at[0] == '\t'))
            part = span_skip(part, 1);
        count += part.len > 0 && count < UINT_MAX;
    }
    return count;
}

unsigned field_count_addresses(struct span list)
{
    if (is_plain(list))
        return count_plain(list);
    struct walk walk = {0};
    unsigned count = 0;
    bool blank = true; /* nothing of the current part seen yet */
    for (size_t i = 0; i < list.len; i++) {
        char c = list.at[i];
        bool outside = walk_step(&walk, c);
        if (outside && c == ',') {
            blank = true;
        } else if (blank && c != ' ' && c != '\t') {
            blank = false;
            count += count < UINT_MAX;
        }
    }
    return count;
}

struct span field_list(struct span s, char stop)
{
    struct span rest = s, plain = s;
    field_until(&rest, stop, &plain);
    if (is_plain(plain))
        return plain;
    struct walk walk = {0};
    for (size_t i = 0; i < s.len; i++)
        if (walk_step(&walk, s.at[i]) && s.at[i] == stop)
            return (struct span){s.at, i};
    return s;
}
