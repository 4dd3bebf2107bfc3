/* emergency-mail - a pipe that mails what flows through it when the local queue is jammed.
 *
 * Whatever happens here, what comes in goes out, as it comes: the copy needs no memory but a fixed
 * block, and comes before the configuration is read, so that no mistake in a file can keep a report
 * back. What is mailed is the first megabyte.
 */
#include "shared/mail_section.h"
#include "spamgear/base/clock.h"
#include "spamgear/base/diag.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#define KEPT_MAX (1u << 20)

struct emergency_options {
    char *settings;
};

/* ---- the copy ---- */

/* Static: it is there however short memory is. */
static char kept[KEPT_MAX];
static char block[1 << 16];

struct copy {
    size_t kept;
    uint64_t bytes; /* in all */
    bool has_text, output_gone;
};

/* Waits for a descriptor that somebody set not to block. */
static bool go_on(int fd, short events)
{
    if (errno == EINTR)
        return true;
    if (errno != EAGAIN)
        return false;
    struct pollfd poll_fd = {.fd = fd, .events = events};
    return poll(&poll_fd, 1, -1) >= 0 || errno == EINTR;
}

/* The report is still mailed when nobody reads the output any more. */
static void put(struct copy *copy, struct span bytes)
{
    while (bytes.len > 0 && !copy->output_gone) {
        ssize_t done = write(STDOUT_FILENO, bytes.at, bytes.len);
        if (done >= 0) {
            bytes = span_skip(bytes, (size_t)done);
        } else if (!go_on(STDOUT_FILENO, POLLOUT)) {
            copy->output_gone = true;
            if (errno != EPIPE)
                diag_error("cannot write the output: %s", strerror(errno));
        }
    }
}

static void keep(struct copy *copy, struct span bytes)
{
    size_t room = KEPT_MAX - copy->kept, len = bytes.len < room ? bytes.len : room;
    memcpy(kept + copy->kept, bytes.at, len);
    copy->kept += len;
    copy->bytes += bytes.len;
    for (size_t i = 0; i < bytes.len && !copy->has_text; i++)
        copy->has_text = memchr(" \t\r\n", bytes.at[i], 5) == NULL; /* NUL is no text either */
}

static void copy_input(struct copy *copy)
{
    for (;;) {
        ssize_t got = read(STDIN_FILENO, block, sizeof block);
        if (got == 0)
            return;
        if (got > 0) {
            put(copy, (struct span){block, (size_t)got});
            keep(copy, (struct span){block, (size_t)got});
        } else if (!go_on(STDIN_FILENO, POLLIN)) {
            diag_error("cannot read the input: %s", strerror(errno));
            return;
        }
    }
}

/* Whoever reads our output has all of it, and need not wait for mail servers to know. */
static void end_output(struct copy *copy)
{
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    bool failed = close(STDOUT_FILENO) != 0;
    if (failed && !copy->output_gone)
        diag_error("cannot write the output: %s", strerror(errno));
    if (null >= 0)
        dup2(null, STDOUT_FILENO);
    if (null > STDERR_FILENO)
        close(null);
}

/* ---- the queue ---- */

struct jam {
    bool counted;
    uint64_t messages;
    struct strbuf why;   /* why it could not be counted */
    struct strbuf queue; /* a sentence about it */
};

static void describe(struct jam *jam, const struct mailq *mailq)
{
    strbuf_format(&jam->queue, "Messages in the mail queue: %" PRIu64, mailq->messages);
    for (size_t i = 0; i < mailq->queues.len; i++)
        strbuf_format(&jam->queue, "%s%s %" PRIu64, i == 0 ? " (" : ", ", mailq->queues.at[i].name,
                      mailq->queues.at[i].messages);
    if (mailq->queues.len > 0)
        strbuf_add_char(&jam->queue, ')');
    if (mailq->oldest > 0 && clock_now() > mailq->oldest)
        strbuf_format(&jam->queue, ", the oldest for %" PRId64 " minutes",
                      (clock_now() - mailq->oldest) / 60);
    strbuf_add_text(&jam->queue, ".\n");
}

static void count(struct jam *jam, const struct mailq_settings *settings)
{
    struct mailq mailq = {0};
    jam->counted = mailq_count(settings, &mailq, &jam->why) == 0;
    jam->messages = mailq.messages;
    if (jam->counted)
        describe(jam, &mailq);
    else
        strbuf_format(&jam->queue,
                      "The mail queue could not be counted, so it counts as jammed: %s\n",
                      strbuf_text(&jam->why));
    mailq_clear(&mailq);
}

static void jam_clear(struct jam *jam)
{
    strbuf_clear(&jam->why);
    strbuf_clear(&jam->queue);
}

/* ---- the mail ---- */

static void write_subject(struct strbuf *out, const struct jam *jam, const char *name)
{
    strbuf_format(out, "EMERGENCY MAIL ABUSE REPORT - %s (", name);
    if (jam->counted)
        strbuf_format(out, "%" PRIu64, jam->messages);
    else
        strbuf_add_text(out, "unknown number of");
    strbuf_add_text(out, " queued mails)");
}

/* The report, and under it what else there is to say. */
static void write_body(struct strbuf *out, const struct copy *copy, const struct jam *jam)
{
    strbuf_add(out, kept, copy->kept);
    if (copy->kept > 0 && kept[copy->kept - 1] != '\n')
        strbuf_add_char(out, '\n');
    strbuf_add_text(out, "\n-- \n");
    if (copy->bytes > copy->kept)
        strbuf_format(
            out, "The report goes on: %" PRIu64 " of its %" PRIu64 " bytes are not in this mail.\n",
            copy->bytes - copy->kept, copy->bytes);
    strbuf_add_span(out, strbuf_span(&jam->queue));
}

static void tell(const struct mail_result *result, bool somebody_waits)
{
    for (size_t i = 0; i < result->news.len; i++)
        diag_info("%s", result->news.at[i]);
    for (size_t i = 0; i < result->problems.len; i++) {
        if (somebody_waits)
            diag_error("%s", result->problems.at[i]);
        else
            diag_warn("%s", result->problems.at[i]);
    }
}

static void send(const struct emergency_config *config, const struct copy *copy,
                 const struct jam *jam)
{
    struct strbuf subject = {0}, body = {0}, why = {0};
    struct mail_result result;
    write_subject(&subject, jam, config->name);
    write_body(&body, copy, jam);
    struct mail mail = {.subject = strbuf_text(&subject),
                        .body = strbuf_span(&body),
                        .key = {kept, copy->kept}, /* the figures change from run to run */
                        .each_server = true};
    int sent = mail_send(&config->mail, &mail, &result, &why);
    tell(&result, sent != 0 || result.spooled > 0);
    mail_result_clear(&result);
    strbuf_clear(&subject);
    strbuf_clear(&body);
    strbuf_clear(&why);
}

static void report(const struct emergency_config *config, const struct copy *copy)
{
    struct jam jam = {0};
    count(&jam, &config->queue);
    if (jam.counted && jam.messages <= config->threshold)
        diag_info("%" PRIu64 " messages are queued, no more than %" PRIu64, jam.messages,
                  config->threshold);
    else if (config->mail.smtp.len == 0)
        diag_error("the queue is jammed, and no server stands in [emergency] nor in "
                   "emergency-settings: nobody is told");
    else
        send(config, copy, &jam);
    jam_clear(&jam);
}

/* ---- the applet ---- */

static void take_threshold(struct emergency_config *config, const struct run *run)
{
    unsigned long long number;
    if (run->argc == 0)
        return;
    if (run->argc == 1 && span_number(span_text(run->argv[0]), &number))
        config->threshold = number;
    else
        diag_error("\"%s\": EMERGENCY_THRESHOLD is one number", run->argv[run->argc - 1]);
}

static int run_emergency(void *at, const struct run *run)
{
    const struct emergency_options *options = at;
    struct emergency_config config;
    struct config file = {0};
    struct copy copy = {0};
    struct texts problems = {0};
    signal(SIGPIPE, SIG_IGN);
    copy_input(&copy);
    end_output(&copy);
    config_load(&file, run->config_path);
    emergency_section_read(&config, &file, run->config_path, options->settings, &problems);
    for (size_t i = 0; i < file.problems.len; i++)
        diag_error("%s", file.problems.at[i]);
    for (size_t i = 0; i < problems.len; i++)
        diag_error("%s", problems.at[i]);
    take_threshold(&config, run);
    if (copy.has_text)
        report(&config, &copy);
    emergency_section_clear(&config);
    config_clear(&file);
    texts_clear(&problems);
    return 0; /* diag_error makes it APPLET_TROUBLE */
}

static const struct option options[] = {
    OPTION_TEXT(struct emergency_options, settings, "settings", 's', "FILE", NULL,
                "The old emergency-settings file: for what [emergency] does not say.",
                .flags = OPTION_NO_CONFIG),
    OPTION_END};

static const struct applet_example examples[] = {
    {"postfix-spam-check | emergency-mail | mail -E -s Spammers root",
     "A cron line: root gets the report, and the outside addresses too when the queue is jammed."},
    {"emergency-mail 500 </dev/null", "Nothing came in: nothing is sent."},
    {"echo test | emergency-mail -v 0", "Try the servers, when anything at all is queued."},
    {NULL, NULL}};

static const struct applet_status statuses[] = {
    {0, "What came in went out, and whoever had to be told has been told."},
    {2, "Trouble: somebody has not got the mail (yet), the output could not be written, or a "
        "setting is wrong. What came in went out all the same."},
    {0, NULL}};

const struct applet emergency_mail_applet = {
    .name = "emergency-mail",
    .summary = "Mail a report through outside servers when the local queue is jammed",
    .operands = "[EMERGENCY_THRESHOLD]",
    .description =
        "Copies standard input to standard output, unchanged and as it comes. When there was text, "
        "and the queue of the local mail server holds more messages than the threshold, the text "
        "is also mailed to the emergency recipients, through servers outside of this machine. A "
        "queue that cannot be counted counts as jammed, and the mail says so.\n\n"
        "Each server of section [emergency] is tried on its own and gets the addresses that follow "
        "it, or those of `to`; one that is dead changes nothing for the others. -v tells for each "
        "recipient what became of it. What a server may take later is spooled, and sent by the "
        "next run of any command. The same text is not sent to anybody twice within `quiet`.\n\n"
        "The old emergency-settings file is read where section [emergency] says nothing: "
        "EMERGENCY_THRESHOLD (or EMERGENCY_TRESHOLD), EMERGENCY_SERVER_NAME, EMERGENCY_MAIL_FROM "
        "and EMERGENCY_MAIL_TO. It is parsed and never run.\n\n"
        "At most 1 MiB of the text is mailed; the mail says how much more there was.",
    .options = (const struct option *const[]){options, NULL},
    .settings_size = sizeof(struct emergency_options),
    .sections = (const struct section *const[]){&mail_section, &emergency_section, NULL},
    .examples = examples,
    .statuses = statuses,
    .files = SPAMGEAR_CONFIG_DIR "/emergency-settings is the old settings file.",
    .flags = APPLET_NO_CONFIG,
    .run = run_emergency,
};
