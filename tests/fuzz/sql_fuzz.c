/* sql_fuzz - a statement and a URL are understood or refused with a reason; as many parameters are
 * numbered as were counted, and nothing else of the statement changes. */
#include "../../core/store/sql_parts.h"
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>

/* The numbered text is the statement with "$N" for "?". */
static void compare(const char *statement, const char *numbered, int parameters)
{
    int seen = 0;
    for (; *statement != '\0'; statement++) {
        char want[16];
        snprintf(want, sizeof want, "$%d", seen + 1);
        if (*statement == '?' && *numbered == '$') {
            hold(strncmp(numbered, want, strlen(want)) == 0);
            numbered += strlen(want);
            seen++;
        } else {
            hold(*statement == *numbered++);
        }
    }
    hold(*numbered == '\0' && seen == parameters);
}

static void check_statement(const char *text)
{
    struct strbuf why = {0}, numbered = {0};
    int parameters = sql_parameters(text, &why);
    hold((parameters < 0) == (why.len > 0));
    if (parameters >= 0) {
        sql_number_parameters(&numbered, text);
        compare(text, strbuf_text(&numbered), parameters);
    }
    strbuf_clear(&why);
    strbuf_clear(&numbered);
}

static void check_place(const char *text)
{
    struct sql_place place;
    struct strbuf why = {0};
    int result = sql_place_parse(text, &place, &why);
    hold((result != 0) == (why.len > 0));
    if (result == 0 && place.kind == SQL_SQLITE)
        hold(*place.file == '/');
    else if (result == 0)
        hold((place.host == NULL) != (place.socket == NULL) && *place.database != '\0');
    sql_place_clear(&place);
    strbuf_clear(&why);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    char *text = malloc(size + 1);
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    check_statement(text);
    check_place(text);
    free(text);
    return 0;
}
