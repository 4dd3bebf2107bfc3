/* Whatever a clamd answers: a number, a result and a bounded name come out, or nothing. Clean is
 * only what ends in ": OK" and names what was scanned. */
#include "spamgear/net/clamd.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    struct clamd_answer answer;
    struct span text = {(const char *)data, size};
    if (clamd_answer_parse(text, &answer) != 0)
        return 0;
    if (memchr(answer.name, '\0', sizeof answer.name) == NULL || answer.number >= 0x80000000u)
        abort();
    if (answer.result == CLAMD_OK &&
        (!span_has_suffix(text, SPAN(": OK")) || answer.name[0] != '\0' || size < 9))
        abort();
    if (answer.result == CLAMD_FOUND &&
        (!span_has_suffix(text, SPAN(" FOUND")) || answer.name[0] == '\0') &&
        memchr(data, '\0', size) == NULL)
        abort();
    return 0;
}
