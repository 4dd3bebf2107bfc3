/* nagios - names of statuses, and text that stays text. */
#include "spamgear/report/nagios.h"

#include "spamgear/base/text.h"

const char *nagios_name(enum nagios status)
{
    static const char *const names[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};
    return names[status];
}

void nagios_escape(struct strbuf *out, struct span text)
{
    size_t start = out->len;
    text_escape(out, text);
    for (size_t i = start; i < out->len; i++)
        if (out->data[i] == '|')
            out->data[i] = '/';
}
