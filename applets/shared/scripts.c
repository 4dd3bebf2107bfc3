/* scripts - the PHP checkers' own options and operands. */
#include "scripts.h"

#include "spamgear/base/diag.h"

const struct option scripts_options[] = {
    OPTION_FLAG(struct logcheck_settings, nul, "null", '0',
                "End each path with a NUL byte, for full-scan -0 and xargs -0."),
    OPTION_END};

const struct option scripts_minutes_options[] = {
    OPTION_PERIOD(struct logcheck_settings, period, "period", 'p', "PERIOD", "10minutes",
                  "Look at the last PERIOD."),
    OPTION_COUNT(struct logcheck_settings, limit, "max-mails", 'm', "MAX_MAILS", "10", 1,
                 UINT64_MAX, "Report scripts with at least this many messages.",
                 .aliases = (const char *const[]){"limit", "max-connections", NULL}),
    OPTION_END};

static void set_minutes(struct period *period, uint64_t minutes)
{
    struct strbuf text = {0};
    free(period->text);
    strbuf_format(&text, "%llu minutes", (unsigned long long)minutes);
    period->text = strbuf_take(&text);
    period->seconds = minutes > INT64_MAX / 120 ? INT64_MAX / 2 : (int64_t)minutes * 60;
}

int scripts_run_minutes(const char *applet, struct logcheck_settings *settings,
                        const struct run *run)
{
    uint64_t minutes;
    if (run->argc > 0) {
        if (logcheck_operand("MINUTES", run->argv[0], &minutes) != 0)
            return APPLET_TROUBLE;
        set_minutes(&settings->period, minutes);
    }
    if (run->argc > 1 && logcheck_operand("MAX_MAILS", run->argv[1], &settings->limit) != 0)
        return APPLET_TROUBLE;
    for (int i = 2; i < run->argc; i++)
        texts_add(&settings->logs, run->argv[i]);
    return logcheck_run(applet, settings, run);
}
