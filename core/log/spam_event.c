/* spam_event - the names of verdicts, and which of them are bad. */
#include "spamgear/log/spam_event.h"

static const char *const names[MAIL_VERDICTS] = {
    [MAIL_VERDICT_CLEAN] = "clean",
    [MAIL_VERDICT_SPAM] = "spam",
    [MAIL_VERDICT_SPAMMY] = "spammy",
    [MAIL_VERDICT_BANNED] = "banned",
    [MAIL_VERDICT_INFECTED] = "infected",
    [MAIL_VERDICT_BAD_HEADER] = "bad-header",
    [MAIL_VERDICT_UNCHECKED] = "unchecked",
    [MAIL_VERDICT_OVERSIZED] = "oversized",
    [MAIL_VERDICT_MTA_BLOCKED] = "mta-blocked",
    [MAIL_VERDICT_OTHER] = "other",
};

const char *mail_verdict_name(enum mail_verdict verdict)
{
    return (unsigned)verdict < MAIL_VERDICTS ? names[verdict] : names[MAIL_VERDICT_OTHER];
}

bool mail_verdict_is_bad(enum mail_verdict verdict)
{
    return verdict == MAIL_VERDICT_SPAM || verdict == MAIL_VERDICT_SPAMMY ||
           verdict == MAIL_VERDICT_BANNED || verdict == MAIL_VERDICT_INFECTED;
}
