/* duration_fuzz - a period is positive and bounded, or refused with a reason; what
 * a report says of it means the same period. */
#include "fuzz.h"
#include "spamgear/base/duration.h"

#include <stdlib.h>

static void check(const char *text)
{
    struct strbuf why = {0}, words = {0};
    int64_t seconds = duration_parse(text, &why);
    duration_words(&words, text);
    hold(seconds == -1 || (seconds > 0 && seconds <= INT64_C(31536000000)));
    hold((seconds == -1) == (why.len > 0));
    if (seconds == -1)
        hold(strcmp(strbuf_text(&words), text) == 0);
    else
        hold(duration_parse(strbuf_text(&words), NULL) == seconds);
    strbuf_clear(&why);
    strbuf_clear(&words);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    char *text = malloc(size + 1);
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    check(text);
    free(text);
    return 0;
}
