/* link_parts - what the ways to a database have in common; of core/store/link*.c only. */
#ifndef SPAMGEAR_STORE_LINK_PARTS_H
#define SPAMGEAR_STORE_LINK_PARTS_H

#include "spamgear/store/link.h"

#define LINK_COLUMNS_MAX 64
#define LINK_TEXT_MAX    (64u << 10) /* bytes of one column; longer ones are refused */

typedef void link_row(void *state, const struct span *columns, size_t len);

struct link_answer {
    uint64_t changed;
    link_row *each; /* NULL: rows are not wanted */
    void *state;
};

/* One of the databases; one that this build lacks has no functions. Each sets link->trouble when it
 * fails: 0, or -1 with why. */
struct link_driver {
    int (*open)(struct link *link, const struct sql_place *place, const char *password,
                struct strbuf *why);
    void (*close)(struct link *link);
    int (*run)(struct link *link, const char *statement, struct strbuf *why);
    int (*prepare)(struct link *link, struct link_statement *statement, struct strbuf *why);
    void (*forget)(struct link_statement *statement);
    int (*execute)(struct link_statement *statement, const struct span *values,
                   struct link_answer *answer, struct strbuf *why);
    /* 1: it cannot; nothing was done. */
    int (*execute_rows)(struct link_statement *statement, const struct span *values, size_t rows,
                        struct strbuf *why);
};

extern const struct link_driver link_sqlite, link_mysql, link_pgsql;

struct link {
    const struct link_driver *driver;
    enum sql_kind kind;
    enum link_trouble trouble;
    int deadline_ms;
    void *handle;      /* the driver's */
    unsigned prepared; /* statements so far: their names */
    bool without_bulk; /* the server has no requests of many rows */
    bool closing;
    struct link_statement *first;
};

struct link_statement {
    struct link *link;
    char *text;
    size_t parameters;
    void *handle;                /* the driver's */
    struct link_statement *many; /* the same for LINK_MANY rows; NULL: not made, or cannot be */
    struct link_statement *next;
    bool idle; /* was forgotten, and can be given out again */
};

/* Sets what the failure was. Returns -1. */
int link_fail(struct link *link, enum link_trouble trouble, struct strbuf *why, const char *what,
              const char *message);

/* "INSERT ... VALUES (?, ?) ..." with the row `rows` times. False: it is none, or it has parameters
 * elsewhere. Appends. */
bool link_repeat_row(const char *statement, size_t rows, struct strbuf *out);

/* What a code means; the tables end with code "". */
struct link_code {
    const char *code; /* prefix */
    enum link_trouble trouble;
};
enum link_trouble link_code_find(const struct link_code *codes, const char *code,
                                 enum link_trouble otherwise);

#endif
