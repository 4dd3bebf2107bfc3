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
    OPTION_KIND_LIST,   /* struct texts, owned; given again = one more; in the config one a line or blank-separated */
    OPTION_KIND_PERIOD, /* struct period: duration_parse */
    OPTION_KIND_CHOICE, /* int: index into choices */
    OPTION_KIND_TIME,   /* int64_t seconds, 0 when not given; parsed by the row's `check` */
    OPTION_KIND_MEMO    /* struct memo: an option with an OPTIONAL value, which may stand as the next word */
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
    OPTION_HIDDEN = 1,       /* accepted, not shown (old spellings) */
    OPTION_NO_CONFIG = 2,    /* command line only */
    OPTION_GLOB_WORDS = 4    /* LIST: following words up to the next option are items too
                                (what a shell makes of -l /var/log/mail.log*) */
};

struct option {
    const char *name; /* long name; NULL ends the table */
    char letter;      /* 0 = none */
    enum option_kind kind;
    size_t offset;
    const char *metavar;
    const char *standard; /* default as it would be typed; NULL = none */
    uint64_t low, high;   /* COUNT */
    const char *const *choices; /* CHOICE, NULL-terminated */
    const char *help;           /* one or more sentences; first line short */
    unsigned flags; /* enum option_flags */
    const char *const *aliases; /* other long names, hidden, NULL-terminated */
    /* Extra check or (TIME) the parser itself; field points at the settings field. */
    int (*check)(const char *value, void *field, struct strbuf *why);
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

#endif
