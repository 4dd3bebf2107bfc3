/* cases_own - what the files of the cases share; nobody else includes it. */
#ifndef SPAMGEAR_STORE_CASES_OWN_H
#define SPAMGEAR_STORE_CASES_OWN_H

#include "spamgear/base/sqlite.h"
#include "spamgear/store/cases.h"

struct cases {
    struct sqlite *db;
    char *folder, *path;
    int lock_fd;
};

/* The one number that a statement asks for. 0, or -1 with why. */
int cases_number(struct cases *cases, const char *sql, int64_t *number, struct strbuf *why);

#endif
