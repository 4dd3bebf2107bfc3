/* option - one row declares one option; everything about options derives from rows.
 *
 * Command line, config key (the long name), help, manual page, completion and sample
 * config read the same row. Rows are typed: the macros check the settings field's type
 * when they are compiled.
 *
 *     struct settings { struct texts logs; uint64_t limit; };
 *     static const struct option options[] = {
 *         OPTION_COUNT(struct settings, limit, "max-connections", 'm', "MAX_CONNECTIONS", "90", 1,
 *                      UINT32_MAX, "Report senders with at least this many messages."),
 *         OPTION_END};
 */
#ifndef SPAMGEAR_CLI_OPTION_H
#define SPAMGEAR_CLI_OPTION_H

#include "spamgear/base/strbuf.h"
#include "spamgear/base/vec.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum option_kind {
    OPTION_KIND_FLAG,   /* bool; --no-NAME switches it off */
    OPTION_KIND_COUNT,  /* uint64_t within low..high */
    OPTION_KIND_TEXT,   /* char *, owned, NULL when not given */
    OPTION_KIND_LIST,   /* struct texts, owned; given again = one more; in the config one a line or
                           blank-separated */
    OPTION_KIND_PERIOD, /* struct period: duration_parse */
    OPTION_KIND_CHOICE, /* int: index into choices */
    OPTION_KIND_TIME,   /* int64_t seconds, 0 when not given; parsed by the row's `check` */
    OPTION_KIND_MEMO /* struct memo: an option with an OPTIONAL value, which may stand as the next
                        word */
};

struct period {
    int64_t seconds; /* 0 when not given */
    char *text;      /* as typed, owned */
};

struct memo {
    bool given;
    char *value; /* owned; NULL when given without a value */
};

enum option_flags {
    OPTION_HIDDEN = 1,     /* accepted, not shown (old spellings) */
    OPTION_NO_CONFIG = 2,  /* command line only */
    OPTION_GLOB_WORDS = 4, /* LIST: following words up to the next option are items too
                              (what a shell makes of -l /var/log/mail.log*); not with
                              -lFILE and --logs=FILE, which take that one word */
    OPTION_RARE = 8        /* in the manual, but not in the short --help */
};

struct option {
    const char *name; /* long name; NULL ends the table */
    char letter;      /* 0 = none */
    enum option_kind kind;
    size_t offset;
    const char *metavar;
    const char *standard;       /* default as it would be typed; NULL = none */
    uint64_t low, high;         /* COUNT */
    const char *const *choices; /* CHOICE, NULL-terminated */
    const char *help;           /* one or more sentences; first line short */
    unsigned flags;             /* enum option_flags */
    const char *const *aliases; /* other long names, hidden, NULL-terminated */
    /* Extra check or (TIME) the parser itself; field points at the settings field. */
    int (*check)(const char *value, void *field, struct strbuf *why);
    /* MEMO: may this next word be its value? NULL = any that is no option may. */
    bool (*takes)(const char *word);
};

/* The settings field of a row must have the type its kind stores. */
#define OPTION_TYPED(settings, field, type)                                                        \
    (offsetof(settings, field) + 0 * sizeof(char[_Generic(((settings *)0)->field, type : 1)]))

#define OPTION_END                                                                                 \
    {                                                                                              \
        .name = NULL                                                                               \
    }

/* Each row macro below takes settings type, field, long name, letter, then what its kind
 * needs, then help, then further designated members (".flags = OPTION_HIDDEN"). */
#define OPTION_FLAG(settings, field, long_name, short_letter, text, ...)                           \
    {                                                                                              \
        .name = long_name, .letter = short_letter, .kind = OPTION_KIND_FLAG,                       \
        .offset = OPTION_TYPED(settings, field, bool), .help = text, __VA_ARGS__                   \
    }
#define OPTION_COUNT(settings, field, long_name, short_letter, value, dflt, min, max, text, ...)   \
    {                                                                                              \
        .name = long_name, .letter = short_letter, .kind = OPTION_KIND_COUNT,                      \
        .offset = OPTION_TYPED(settings, field, uint64_t), .metavar = value, .standard = dflt,     \
        .low = min, .high = max, .help = text, __VA_ARGS__                                         \
    }
#define OPTION_TEXT(settings, field, long_name, short_letter, value, dflt, text, ...)              \
    {                                                                                              \
        .name = long_name, .letter = short_letter, .kind = OPTION_KIND_TEXT,                       \
        .offset = OPTION_TYPED(settings, field, char *), .metavar = value, .standard = dflt,       \
        .help = text, __VA_ARGS__                                                                  \
    }
#define OPTION_LIST(settings, field, long_name, short_letter, value, text, ...)                    \
    {                                                                                              \
        .name = long_name, .letter = short_letter, .kind = OPTION_KIND_LIST,                       \
        .offset = OPTION_TYPED(settings, field, struct texts), .metavar = value, .help = text,     \
        __VA_ARGS__                                                                                \
    }
#define OPTION_PERIOD(settings, field, long_name, short_letter, value, dflt, text, ...)            \
    {                                                                                              \
        .name = long_name, .letter = short_letter, .kind = OPTION_KIND_PERIOD,                     \
        .offset = OPTION_TYPED(settings, field, struct period), .metavar = value,                  \
        .standard = dflt, .help = text, __VA_ARGS__                                                \
    }
#define OPTION_CHOICE(settings, field, long_name, short_letter, value, dflt, list, text, ...)      \
    {                                                                                              \
        .name = long_name, .letter = short_letter, .kind = OPTION_KIND_CHOICE,                     \
        .offset = OPTION_TYPED(settings, field, int), .metavar = value, .standard = dflt,          \
        .choices = list, .help = text, __VA_ARGS__                                                 \
    }
#define OPTION_TIME(settings, field, long_name, short_letter, value, text, parser, ...)            \
    {                                                                                              \
        .name = long_name, .letter = short_letter, .kind = OPTION_KIND_TIME,                       \
        .offset = OPTION_TYPED(settings, field, int64_t), .metavar = value, .help = text,          \
        .check = parser, __VA_ARGS__                                                               \
    }
#define OPTION_MEMO(settings, field, long_name, short_letter, value, text, ...)                    \
    {                                                                                              \
        .name = long_name, .letter = short_letter, .kind = OPTION_KIND_MEMO,                       \
        .offset = OPTION_TYPED(settings, field, struct memo), .metavar = value, .help = text,      \
        __VA_ARGS__                                                                                \
    }

/* A row together with the settings field it fills. level says how strong the word was that
 * filled it: a stronger one replaces (a list as a whole), an equal one replaces or, for a
 * list, adds. */
enum option_level {
    OPTION_LEVEL_NONE,
    OPTION_LEVEL_DEFAULT,
    OPTION_LEVEL_COMMON, /* [spamgear] */
    OPTION_LEVEL_APPLET, /* [applet] */
    OPTION_LEVEL_COMMAND
};

struct option_slot {
    const struct option *row;
    void *field;
    size_t back; /* slots before this one stands the first that fills the same field: it has the
                    level */
    enum option_level level;
};

/* Every slot of one run; of equal names and letters the one added first counts, so that an
 * applet may take a letter of the common options. {0} is an empty set. */
struct option_set {
    VEC(struct option_slot) slots;
};

/* Adds a NULL-terminated list of tables (NULL = none) and fills in the defaults. A default
 * that its own row refuses is added to problems. settings must be zero before. */
void option_set_add(struct option_set *set, const struct option *const *tables, void *settings,
                    struct texts *problems);
void option_set_clear(struct option_set *set); /* frees what the fields own, and the set */

/* The slot of a long name or alias, of a letter; NULL when there is none. Borrowed until
 * the next option_set_add. */
struct option_slot *option_find(const struct option_set *set, struct span name);
struct option_slot *option_find_letter(const struct option_set *set, char letter);

/* The long name that was probably meant; NULL when none is near. */
const char *option_nearest(const struct option_set *set, const char *typed);

/* Parses value by the row's kind and stores it. A FLAG takes yes/no, true/false, on/off,
 * 1/0; value NULL is a MEMO without its value. With a weaker level than the slot's, or
 * OPTION_LEVEL_NONE, it is only checked. 0, or -1 with why, which names the value but not the
 * option. */
int option_store(struct option_slot *slot, const char *value, enum option_level level,
                 struct strbuf *why);

/* As if it had not been given below this level (a MEMO that the config switches off). 0. */
int option_unset(struct option_slot *slot, enum option_level level);

/* A command line, taken apart but not yet stored. */
struct option_given {
    struct option_slot *slot;
    const char *value; /* borrowed from argv; NULL for a MEMO without value */
};

struct option_words {
    VEC(struct option_given) given; /* in their order */
    char **operands;                /* ends with NULL; the strings are argv's */
    int operand_count;
};

/* Takes the words (without argv[0]) apart; every problem is added as "--opt: what". Options
 * and operands may mix; "--" ends the options; "-" is an operand or a value. Clear words
 * with option_words_clear. */
void option_read(const struct option_set *set, int argc, char **argv, struct option_words *words,
                 struct texts *problems);
void option_words_clear(struct option_words *words);

/* The last value given for a long name; "yes" or "no" for flags, NULL when it was not given. */
const char *option_last(const struct option_words *words, const char *name);

/* Stores everything that was given; problems as above. */
void option_store_words(const struct option_words *words, struct texts *problems);

/* The nth long name of a row: 0 is its own, then its aliases; NULL at the end. */
const char *option_name(const struct option *row, size_t n);

/* yes/no, true/false, on/off, 1/0 -> 1/0; -1 when it is none of them. */
int option_yes_no(const char *value);

/* The words of OPTION_CHOICE in a sentence: "text, json or metrics". Appends. */
void option_choices(struct strbuf *out, const char *const *choices);

#endif
