/* queue_ids - the messages of those who are asked for, each once, from all logs of the window. */
#include "spamgear/check/queue_ids.h"

#include "check_logs.h"

#define SENT(id, relay, as)                                                                        \
    "smtp[9]: " id ": to=<x@y>, relay=" relay ", delay=1, delays=1/0/0/0, dsn=2.0.0, "             \
    "status=sent (250 2.0.0 Ok: queued as " as ")"

static void write_logs(void)
{
    FILE *f = fopen("mail.log.1", "w");
    log_message(f, NOW - 9000, 1, "a.example[192.0.2.1]", "ann"); /* before the window */
    log_message(f, NOW - 900, 2, "a.example[192.0.2.1]", "ann");
    log_message(f, NOW - 800, 3, "a.example[192.0.2.1]", "bob");
    log_end(f, NOW - 700);
    f = fopen("mail.log", "w");
    log_message(f, NOW - 900, 2, "a.example[192.0.2.1]", "ann"); /* a copy */
    log_message(f, NOW - 600, 4, "a.example[192.0.2.1]", "ann");
    log_message(f, NOW - 500, 5, "a.example[192.0.2.1]", "annette");
    log_put(f, NOW - 400,
            "submission/smtpd[9]: NOQUEUE: reject: RCPT from a.example[192.0.2.1]: "
            "554 5.7.1 no; from=<a@b> to=<c@d> proto=ESMTP helo=<x>, "
            "sasl_username=ann");
    log_put(f, NOW - 300, "smtpd[9]: 4F00009: client=a.example[192.0.2.1]");
    /* Through a content filter, and a second one. */
    log_put(f, NOW - 290, SENT("00001004", "127.0.0.1[127.0.0.1]:10024", "F0000001"));
    log_put(f, NOW - 280, SENT("F0000001", "::1[::1]:10026", "F0000002"));
    /* Of somebody else, and to strangers, whose servers may answer what they like. */
    log_put(f, NOW - 270, SENT("00001005", "127.0.0.1[127.0.0.1]:10024", "F0000003"));
    log_put(f, NOW - 260, SENT("00001004", "mx.example[192.0.2.3]:25", "F0000004"));
    log_put(f, NOW - 250,
            SENT("00001004", "mx.example[192.0.2.3]:25",
                 "F0000005) to=<x>, relay=a[127.0.0.1]:1, "
                 "status=sent (queued as F0000006"));
    log_put(f, NOW - 240,
            "smtp[9]: 00001004: to=<\"a>, relay=b[127.0.0.1]:1, status=sent (queued as F0000007)\""
            "@c>, relay=mx.example[192.0.2.3]:25, status=sent (250 queued as F0000008)");
    log_end(f, NOW);
}

static bool is_named(const void *state, const struct report_sender *row)
{
    return span_is(row->sender.name, span_text(state));
}

/* Runs a check of the log and reads the IDs of one sender: "ID ID ". */
static int ids_of(const char *log, const char *name, struct strbuf *got, struct strbuf *why)
{
    struct check check;
    struct report report;
    struct tally *tally;
    struct texts names = {0}, problems = {0};
    struct queue_ids ids;
    texts_add(&names, log);
    check_init(&check, &names);
    check.window.since = NOW - 3600;
    check.all = true;
    check_run(&check, &report, &tally, &problems);
    int result = queue_ids_read(&check, &report, is_named, name, &ids, why);
    strbuf_reset(got);
    for (size_t i = 0; ids.of != NULL && i < ids.len; i++)
        for (size_t n = 0; n < ids.of[i].len; n++)
            strbuf_format(got, "%s ", ids.of[i].at[n]);
    queue_ids_clear(&ids);
    report_clear(&report);
    tally_free(tally);
    check_clear(&check);
    texts_clear(&names);
    texts_clear(&problems);
    return result;
}

static void test_pipe(struct strbuf *why)
{
    struct check check;
    struct report nobody = {0};
    struct texts names = {0};
    struct queue_ids ids;
    test_true("a FIFO", mkfifo("fifo", 0600) == 0);
    texts_add(&names, "fifo");
    check_init(&check, &names);
    test_number("a FIFO", queue_ids_read(&check, &nobody, is_named, "ann", &ids, why), -1);
    test_text("a FIFO", strbuf_text(why), "fifo can be read once only");
    check_clear(&check);
    texts_clear(&names);
}

int main(void)
{
    char dir[] = "/tmp/queue_ids_test.XXXXXX";
    struct strbuf got = {0}, why = {0};
    test_true("a folder", logs_begin(dir));
    write_logs();
    test_number("ann", ids_of("mail.log*", "ann", &got, &why), 0);
    test_text("ann", strbuf_text(&got), "00001002 00001004 F0000001 F0000002 ");
    test_number("bob", ids_of("mail.log*", "bob", &got, &why), 0);
    test_text("bob", strbuf_text(&got), "00001003 ");
    test_number("nobody", ids_of("mail.log*", "nobody", &got, &why), 0);
    test_text("nobody", strbuf_text(&got), "");
    test_number("no log", ids_of("missing", "ann", &got, &why), 0);
    test_pipe(&why);
    strbuf_clear(&got);
    strbuf_clear(&why);
    unlink("mail.log");
    unlink("mail.log.1");
    unlink("fifo");
    test_true("cleaned up", chdir("/") == 0 && rmdir(dir) == 0);
    return test_end();
}
