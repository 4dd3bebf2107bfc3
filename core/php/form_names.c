/* form_names - names that no person would choose.
 *
 * Obfuscators draw names from an alphabet: O and 0, l and I, hex digits, or any letters. Such a
 * name changes between capitals, small letters and digits all the time, or has pairs of letters
 * that code hardly uses. The pairs come from 144,000 names of public projects: those that make up
 * less than 6 in 100,000. Short names and abbreviations ($tmp, $xhtml, $bgcolor) stay ordinary.
 */
#include "form_parts.h"

/* Bit b of row a: the pair ab is rare. */
static const uint32_t rare_pairs[26] = {
    0x0014091, 0x2e984ea, 0x2e1824a, 0x2610680, 0x0000200, 0x2e116ce, 0x3e1862a,
    0x2e126ee, 0x1400380, 0x3bbbfee, 0x3e3dea6, 0x2c32280, 0x2e306a4, 0x2c10002,
    0x2010280, 0x2e13202, 0x3eff7ff, 0x2810280, 0x2a0020a, 0x2a10642, 0x3e10680,
    0x3ffbeee, 0x3f91e2e, 0x2f72eea, 0x2b347ef, 0x2ffbfee,
};

enum letter_kind { SMALL, CAPITAL, DIGIT };

struct letters {
    size_t len, digits, vowels;
    size_t changes;       /* of kind, but for a capital before small letters */
    size_t digit_changes; /* those from or to digits */
    size_t pairs, rare;   /* letters side by side, without such a change between */
    bool only_round, only_upright, only_hex; /* O0Q, Il1i, hex digits */
    uint32_t distinct; /* bit by the low five bits: enough to tell one from several */
};

static enum letter_kind kind_of(char c)
{
    return c >= '0' && c <= '9' ? DIGIT : c >= 'A' && c <= 'Z' ? CAPITAL : SMALL;
}

static bool is_ascii_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_one_of(char c, const char *set)
{
    return strchr(set, c) != NULL;
}

static void count_letter(struct letters *letters, char c)
{
    letters->len++;
    letters->digits += kind_of(c) == DIGIT;
    letters->vowels += is_one_of((char)(c | 0x20), "aeiouy");
    letters->only_round &= is_one_of(c, "O0oQ");
    letters->only_upright &= is_one_of(c, "Il1i");
    letters->only_hex &= kind_of(c) == DIGIT || (c >= 'a' && c <= 'f');
    letters->distinct |= 1u << (c & 31);
}

static void count_pair(struct letters *letters, char before, char c)
{
    enum letter_kind from = kind_of(before), to = kind_of(c);
    if (from != to && !(from == CAPITAL && to == SMALL)) {
        letters->changes++;
        letters->digit_changes += from == DIGIT || to == DIGIT;
    } else if (to != DIGIT) {
        letters->pairs++;
        letters->rare += rare_pairs[((before | 0x20) - 'a') & 31] >> (((c | 0x20) - 'a') & 31) & 1;
    }
}

/* Underscores are left out. False: a byte that this cannot judge. */
static bool letters_of(struct span name, struct letters *letters)
{
    *letters = (struct letters){.only_round = true, .only_upright = true, .only_hex = true};
    char before = '\0';
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i];
        if (c == '_')
            continue;
        if (!is_ascii_letter(c) && kind_of(c) != DIGIT)
            return false;
        count_letter(letters, c);
        if (before != '\0')
            count_pair(letters, before, c);
        before = c;
    }
    return true;
}

bool php_name_is_random(struct span name)
{
    struct letters l;
    if (name.len < 4 || !letters_of((struct span){name.at, name.len < 128 ? name.len : 128}, &l))
        return false;
    if (l.len == 0)
        return true; /* ____ */
    bool several = (l.distinct & (l.distinct - 1)) != 0;
    if (several && ((l.only_round && l.len >= 3) || (l.only_upright && l.len >= 4)))
        return true;
    if (l.len < 5)
        return false;
    return l.digit_changes >= 4 || (l.changes >= 3 && (l.changes + 1) * 2 >= l.len) ||
           (l.only_hex && l.len >= 8 && l.digits >= 2 && l.digit_changes >= 2) ||
           (l.len >= 7 && l.digits >= 6 && l.digits * 3 >= l.len * 2) ||
           (l.pairs >= 5 && l.rare >= 2 && l.rare * 3 >= l.pairs) ||
           (l.vowels == 0 && l.len - l.digits >= 7);
}
