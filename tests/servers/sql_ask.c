/* sql_ask URL PASSWORD-FILE MILLISECONDS STATEMENT [VALUE...] - runs one statement and prints what
 * came of it in a line: "changed N [column] [column]", or "failed: why". PASSWORD-FILE "": none. */
#include "spamgear/base/secret.h"
#include "spamgear/store/sql.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    struct strbuf password = {0}, why = {0};
    struct span values[16];
    struct texts first = {0};
    struct sql *sql = NULL;
    uint64_t changed;
    if (argc < 5 || argc > 20)
        return 2;
    for (int i = 5; i < argc; i++)
        values[i - 5] = span_text(argv[i]);
    int result = *argv[2] == '\0' ? 0 : secret_read(argv[2], &password, &why);
    if (result == 0)
        sql = sql_open(argv[1], password.data, atoi(argv[3]), &why);
    if (sql == NULL || sql_run(sql, argv[4], values, (size_t)argc - 5, &changed, &first, &why) != 0)
        printf("failed: %s\n", strbuf_text(&why));
    else {
        printf("changed %" PRIu64, changed);
        for (size_t i = 0; i < first.len; i++)
            printf(" [%s]", first.at[i]);
        printf("\n");
    }
    sql_close(sql);
    texts_clear(&first);
    strbuf_clear(&password);
    strbuf_clear(&why);
    return 0;
}
