/* json - writing JSON (RFC 8259) piece by piece.
 *
 * Commas are placed by the writer. Text is escaped by text_json. Nothing is checked
 * beyond that: every open needs its close.
 */
#ifndef SPAMGEAR_BASE_JSON_H
#define SPAMGEAR_BASE_JSON_H

#include "spamgear/base/strbuf.h"
#include <stdbool.h>
#include <stdint.h>

struct json {
    struct strbuf *out;
    bool comma; /* something stands before the next item */
};

/* key is NULL inside arrays and for the outermost value. */
void json_open(struct json *json, const char *key, char bracket); /* '{' or '[' */
void json_close(struct json *json, char bracket);                 /* '}' or ']' */
void json_number(struct json *json, const char *key, uint64_t number);
/* With two decimals; finite. */
void json_real(struct json *json, const char *key, double number);
void json_text(struct json *json, const char *key, struct span text);
void json_bool(struct json *json, const char *key, bool value);
/* Local time as RFC 3339 text (stamp_format's form), given ready; NULL becomes null. */
void json_word(struct json *json, const char *key, const char *text);

#endif
