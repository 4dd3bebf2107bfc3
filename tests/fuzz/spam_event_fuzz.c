/* spam_event_fuzz - any bytes as a stored event: what is read is written back the same. */
#include "spamgear/log/spam_event.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    struct spam_event event;
    struct strbuf again = {0};
    struct span bytes = {(const char *)data, size};
    if (spam_event_read(bytes, &event) != 0)
        return 0;
    hold(event.verdict < MAIL_VERDICTS);
    spam_event_write(&event, &again);
    hold(span_is(strbuf_span(&again), bytes));
    strbuf_clear(&again);
    return 0;
}
