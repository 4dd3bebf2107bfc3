/* spam_event_test - names, and what counts as bad. */
#include "spamgear/log/spam_event.h"

#include "test.h"

static void test_names(void)
{
    for (int v = 0; v < MAIL_VERDICTS; v++)
        test_true("has a name", strlen(mail_verdict_name((enum mail_verdict)v)) > 0);
    test_text("spam", mail_verdict_name(MAIL_VERDICT_SPAM), "spam");
    test_text("beyond", mail_verdict_name(MAIL_VERDICTS), "other");
    test_true("infected", mail_verdict_is_bad(MAIL_VERDICT_INFECTED));
    test_true("clean", !mail_verdict_is_bad(MAIL_VERDICT_CLEAN));
    test_true("unchecked", !mail_verdict_is_bad(MAIL_VERDICT_UNCHECKED));
}

int main(void)
{
    test_names();
    return test_end();
}
