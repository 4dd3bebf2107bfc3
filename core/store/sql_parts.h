/* sql_parts - what the ways to a database have in common; of core/store/sql*.c only. */
#ifndef SPAMGEAR_STORE_SQL_PARTS_H
#define SPAMGEAR_STORE_SQL_PARTS_H

#include "spamgear/base/strbuf.h"
#include "spamgear/store/sql.h"

/* The statement with $1, $2, ... for each ?; for one that sql_parameters took. Appends. */
void sql_number_parameters(struct strbuf *out, const char *statement);

/* A library's message: its first line, as why. Returns -1. */
int sql_fail(struct strbuf *why, const char *what, const char *message);

#endif
