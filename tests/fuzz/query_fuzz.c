/* query_fuzz - a query is understood or refused with a reason; it has as many parameters as
 * letters, and each is one that has a value. */
#include "spamgear/store/query.h"
#include "spamgear/store/sql.h"

#include "fuzz.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    struct query query;
    struct strbuf why = {0};
    char *text = malloc(size + 1);
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    int result = query_parse(text, &query, &why);
    hold((result != 0) == (why.len > 0));
    if (result == 0) {
        hold(sql_parameters(strbuf_text(&query.statement), &why) == (int)strlen(query.letters));
        hold(strspn(query.letters, "imfctsuvp") == strlen(query.letters));
        hold(query.statement.len <= size);
    }
    query_clear(&query);
    strbuf_clear(&why);
    free(text);
    return 0;
}
