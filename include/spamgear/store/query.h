/* query - an administrator's SQL with ?letters for the fields of a spam event.
 *
 * postlog-sa's [sql] query: ?i queue ID, ?m Message-ID, ?f envelope sender, ?c client address, ?t
 * time accepted, ?s spam recipients; and ?u SASL username, ?v verdict, ?p score. Letters inside
 * quotes and backquotes are left alone; the same letter may occur several times. Comments
 * (-- with a blank, #, and block comments) are dropped. One statement, without a backslash in
 * quotes.
 */
#ifndef SPAMGEAR_STORE_QUERY_H
#define SPAMGEAR_STORE_QUERY_H

#include "spamgear/base/strbuf.h"
#include "spamgear/log/spam_event.h"
#include "spamgear/store/link.h"

struct query {
    struct strbuf statement; /* with a bare ? for each letter: prepared as it is */
    char letters[64];        /* the letters in order, NUL-terminated */
};

/* 0, or -1 with why: an unknown letter, a bare ?, quotes that do not end, more letters than fit, a
 * second statement. Fills *query in either case; clear it. */
int query_parse(const char *text, struct query *query, struct strbuf *why);
void query_clear(struct query *query);

/* The value of a letter as text; appends. Times are "2006-01-02 15:04:05", in UTC with utc, else in
 * local time. Bytes that are no UTF-8, and control bytes, are \xNN. False: SQL's NULL (no score).
 */
bool query_value(const struct spam_event *event, char letter, bool utc, struct strbuf *out);

/* Runs the prepared statement with a harmless row of check@spamgear.invalid, and rolls it back. A
 * table of an engine without transactions keeps that row. 0: taken, or it is there already; -1 with
 * why. */
int query_try(struct link *link, struct link_statement *statement, const struct query *query,
              bool utc, struct strbuf *why);

#endif
