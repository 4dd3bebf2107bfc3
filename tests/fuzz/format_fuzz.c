/* format_fuzz - any bytes as a log line, to every built-in format.
 *
 * The first byte chooses the format and whether a stamp and tag are put before the
 * rest, so that the parsers behind them are reached. What must hold: every span of
 * an event lies inside the line, an accepted message has a sender, counts are not
 * zero, a literal that the fast path looks for is in the line, and the same line
 * gives the same event.
 */
#include "../unit/format_rows.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const heads[] = {
    "",
    "Nov  2 01:45:57 mx postfix/smtpd[7]: ",
    "Nov  2 01:45:57 mx postfix/qmgr[7]: ",
    "<22>1 2026-11-02T01:45:57+01:00 mx postfix 7 - - ",
    "2026-11-21 18:33:11 1xUptf-00004z-01 <= ",
    "Nov  2 01:45:57 mx exim[7]: ",
    "[21-Nov-2026 18:11:45 +0000]: <s> User ",
    "[21-Nov-2026 18:11:45 +0000]: <s> IMAP Error: Login failed for ",
    "Nov 21 18:39:59 mx HORDE: [imp] Message sent to ",
    "[21-Nov-2026 18:39:58 UTC] mail() on [",
    "Nov  2 01:45:57 mx web1: sendmail-php url=",
    "Nov  2 01:45:57 mx web1: sendmail2relay user=\"",
};

#define HEADS (sizeof(heads) / sizeof(heads[0]))

static void check(bool ok)
{
    if (!ok)
        abort();
}

static void try_format(const struct log_format *format, struct span line)
{
    struct event event, again;
    enum parse_result result = format_try(format, line, &event);
    check(result <= PARSE_UNKNOWN);
    check(format_try(format, line, &again) == result);
    if (result != PARSE_EVENT)
        return;
    check(format_event_sane(format, &event));
    check(event.sender.at == again.sender.at && event.sender.len == again.sender.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t len, head;
    const struct log_format *const *formats = format_all(&len);
    if (size == 0)
        return 0;
    struct span before = span_text(heads[data[0] % HEADS]);
    head = before.len;
    char *line = malloc(head + size);
    if (line == NULL)
        abort();
    memcpy(line, before.at, head);
    memcpy(line + head, data + 1, size - 1);
    for (size_t i = 0; i < len; i++)
        try_format(formats[i], (struct span){line, head + size - 1});
    free(line);
    return 0;
}
