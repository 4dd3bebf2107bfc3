/* runav - ModSecurity's @inspectFile asks: may this upload pass?
 *
 * The first byte of standard output is the answer, 1 or 0; the exit status is always 0. What could
 * not be told does not pass, unless --fail-open.
 */
#include "shared/scan.h"

#include "shared/doctor.h"
#include "spamgear/base/diag.h"
#include "spamgear/base/path.h"
#include "spamgear/base/text.h"
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

struct runav_settings {
    struct scan_settings scan; /* first: the shared option tables fill it */
    bool fail_open, doctor;
    char *user;
};

static enum verdict_result examine(const struct runav_settings *settings, const char *path,
                                   struct strbuf *why)
{
    struct scan scan = {0};
    enum verdict_result result = VERDICT_UNKNOWN;
    int fd = path_open(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, why);
    if (fd < 0)
        return VERDICT_UNKNOWN;
    if (scan_open_engine(&scan, &settings->scan.engine) == 0)
        result = scan_one(&scan, fd, why);
    else
        strbuf_why(why, "the scanner could not start");
    /* Half of the signatures is not all that was to be looked for. */
    if (result == VERDICT_CLEAN && diag_trouble()) {
        strbuf_why(why, "not everything could be looked for");
        result = VERDICT_UNKNOWN;
    }
    scan_close(&scan);
    close(fd);
    return result;
}

static void answer(enum verdict_result result, bool fail_open, const char *path,
                   const struct strbuf *why)
{
    struct strbuf line = {0};
    if (result == VERDICT_CLEAN)
        strbuf_add_text(&line, "1 clamscan: OK");
    else if (result == VERDICT_FOUND)
        strbuf_add_text(&line, "0 clamscan: FOUND\n");
    else
        strbuf_add_text(&line, fail_open ? "1 clamscan: OK\n" : "0 clamscan: UNKNOWN\n");
    if (result != VERDICT_CLEAN && !span_has_prefix(strbuf_span(why), span_text(path))) {
        text_escape(&line, span_text(path));
        strbuf_add_text(&line, result == VERDICT_FOUND ? " " : ": ");
    }
    if (result != VERDICT_CLEAN)
        text_escape(&line, strbuf_span(why));
    puts(strbuf_text(&line));
    strbuf_clear(&line);
}

static int run(void *at, const struct run *call)
{
    struct runav_settings *settings = at;
    struct strbuf why = {0};
    settings->scan.engine.hurried = true;
    if (settings->doctor)
        return doctor_run(settings->user);
    if (call->argc != 1) {
        strbuf_why(&why, "give the path of one file");
        answer(VERDICT_UNKNOWN, settings->fail_open, "runav", &why);
    } else {
        enum verdict_result result = examine(settings, call->argv[0], &why);
        answer(result, settings->fail_open, call->argv[0], &why);
    }
    strbuf_clear(&why);
    return 0;
}

static const struct option own[] = {
    OPTION_FLAG(struct runav_settings, fail_open, "fail-open", 0,
                "Let a file pass that could not be examined; it is told in the second line."),
    OPTION_FLAG(struct runav_settings, doctor, "doctor", 0,
                "Test the whole way as the web server's user would go it, and tell what is wrong.",
                .flags = OPTION_NO_CONFIG),
    OPTION_TEXT(struct runav_settings, user, "user", 0, "USER", NULL,
                "The web server's user for --doctor; without it www-data, apache, nginx or "
                "nobody.",
                .flags = OPTION_RARE),
    OPTION_END};

static const struct option *const tables[] = {own, scan_engine_options, scan_clamd_options,
                                              scan_limit_options, NULL};

static const struct applet_example examples[] = {
    {"SecRule FILES_TMPNAMES \"@inspectFile /usr/bin/runav\" "
     "\"id:159,phase:2,t:none,log,deny,msg:'Malicious upload'\"",
     "In ModSecurity's configuration; /usr/bin/runav is a link to spamgear."},
    {"runav --doctor", "As root, after setting it up."},
    {NULL, NULL}};

static const struct applet_status statuses[] = {
    {0, "Always: the first byte of the output is the answer. With --doctor: all is well."},
    {2, "With --doctor: something is wrong."},
    {0, NULL}};

const struct applet runav_applet = {
    .name = "runav",
    .summary = "Tell ModSecurity whether an upload may pass",
    .operands = "FILE",
    .description =
        "Prints `1 clamscan: OK` when FILE is clean and `0 clamscan: FOUND` when it is not, and "
        "then a line with the reason. The content decides, never the name. What could not be "
        "examined is `0 clamscan: UNKNOWN`: it does not pass.",
    .options = tables,
    .settings_size = sizeof(struct runav_settings),
    .examples = examples,
    .statuses = statuses,
    .refusal = "0 clamscan: UNKNOWN",
    .files = scan_files,
    .flags = APPLET_NO_CHORES, /* an upload waits */
    .run = run,
};
