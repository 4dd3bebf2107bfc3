/* thread_test - which message a verdict is about, who sent it, and when it is given out.
 *
 * A row is a log, one text with its newlines, and the events it must give. 127.0.0.1 and 10.9.9.9
 * are content filters, and so is the relay named "gate"; 198.51.100.0/24 is an own network.
 */
#include "spamgear/base/strbuf.h"
#include "spamgear/log/thread.h"

#include "test.h"
#include <stdlib.h>

/* ---- a joiner and what it said ---- */

struct bench {
    struct threads *threads;
    struct strbuf said;
    struct stamp_clock clock;
    struct prefix relays[2], own[1];
    struct texts names;
    enum origin origin;
    bool times; /* tell them, too */
};

static void say(struct strbuf *out, const char *key, struct span text)
{
    if (text.len > 0)
        strbuf_format(out, " %s=%.*s", key, (int)text.len, text.at);
}

static void take_spam(void *state, const struct spam_event *e)
{
    struct bench *bench = state;
    struct strbuf *out = &bench->said;
    strbuf_format(out, "%s%.*s %s", out->len > 0 ? "; " : "", (int)e->queue_id.len,
                  e->queue_id.len == 0 ? "" : e->queue_id.at, mail_verdict_name(e->verdict));
    if (e->has_score)
        strbuf_format(out, " %g", e->score);
    if (e->has_threshold)
        strbuf_format(out, "/%g", e->threshold);
    strbuf_format(out, " x%u", e->victims);
    say(out, "client", e->client);
    say(out, "name", e->client_name);
    say(out, "from", e->from);
    say(out, "sasl", e->sasl);
    say(out, "uid", e->uid);
    say(out, "mid", e->message_id);
    if (bench->times)
        strbuf_format(out, " t=%d+%d", (int)(e->time % 60), (int)(e->verdict_time - e->time));
    if (e->origin == ORIGIN_TRUSTED)
        strbuf_add_text(out, " trusted");
}

static struct threads *open_threads(struct bench *bench, size_t threads_max)
{
    struct threads_settings settings = {.threads_max = threads_max,
                                        .own = bench->own,
                                        .own_len = 1,
                                        .relays = bench->relays,
                                        .relays_len = 2,
                                        .relay_names = &bench->names,
                                        .state = bench,
                                        .spam = take_spam};
    return threads_new(&settings);
}

static void bench_open(struct bench *bench, size_t threads_max)
{
    *bench = (struct bench){0};
    prefix_parse(SPAN("127.0.0.1"), &bench->relays[0]);
    prefix_parse(SPAN("10.9.9.9"), &bench->relays[1]);
    prefix_parse(SPAN("198.51.100.0/24"), &bench->own[0]);
    texts_add(&bench->names, "gate");
    bench->threads = open_threads(bench, threads_max);
    stamp_clock_init(&bench->clock, 1795305600);
}

static void bench_close(struct bench *bench)
{
    threads_free(bench->threads);
    texts_clear(&bench->names);
    strbuf_clear(&bench->said);
}

static void feed_line(struct bench *bench, struct span whole)
{
    struct log_line line = {.whole = whole, .origin = bench->origin};
    struct stamp stamp = {0};
    line.time = stamp_read(&bench->clock, whole, &stamp, &line.rest);
    line.shape = stamp.shape;
    if (line.time == STAMP_NONE)
        return;
    threads_line(bench->threads, &line);
    threads_tick(bench->threads, line.time);
}

static void feed(struct bench *bench, const char *text)
{
    struct span rest = span_text(text), line;
    while (span_take_line(&rest, &line))
        feed_line(bench, line);
}

/* ---- rows ---- */

/* Lines at a second of a minute; the pid does not matter. */
#define L(second, tag, text)        "Nov 22 01:45:" second " mx " tag "[7]: " text "\n"
#define P(second, prog, text)       L(second, "postfix/" prog, text)
#define ON(host, second, tag, text) "Nov 22 01:45:" second " " host " " tag "[7]: " text "\n"
#define SMTPD(s, id, client)        P(s, "smtpd", id ": client=unknown[" client "]")
#define MID(s, id, mid)             P(s, "cleanup", id ": message-id=<" mid ">")
#define FROM(s, id, from)           P(s, "qmgr", id ": from=<" from ">, size=9, nrcpt=3 (queue active)")
#define GONE(s, id)                 P(s, "qmgr", id ": removed")
#define SENT(s, id, relay, reply)                                                                  \
    P(s, "smtp",                                                                                   \
      id ": to=<r@x>, relay=" relay ", delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (" reply    \
         ")")
#define FILTER "127.0.0.1[127.0.0.1]:10024"
#define QUEUED(s, id, child)                                                                       \
    SENT(s, id, FILTER, "250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 Ok: queued as " child)
#define AMAVIS(s, word, more)                                                                      \
    L(s, "amavis",                                                                                 \
      "(1-02) Passed " word " {X}, [192.0.2.1]:9 [192.0.2.1] <a@b> -> <c@d>,<e@f>" more)
#define VERDICT(s, id) AMAVIS(s, "SPAM", ", Queue-ID: " id ", mail_id: x, Hits: 12.5, size: 3")
#define SPAMD(s, score, mid)                                                                       \
    L(s, "spamd",                                                                                  \
      "spamd: result: Y  " score " - X scantime=0.7,required_score=5.0,mid=<" mid                  \
      ">,autolearn=no")
#define SPAMD_REAL(s, score)                                                                       \
    L(s, "spamd", "spamd: identified spam (" score "/5.0) for u:1 in 0.7 seconds, 9 bytes.")
#define WHOLE(id) SMTPD("01", id, "192.0.2.1") MID("01", id, id "@m") FROM("02", id, "a@b")
#define RSPAMD(id)                                                                                 \
    "<8ae27d>; proxy; rspamd_task_write_log: id: <m@x>, qid: <" id                                 \
    ">, ip: 192.0.2.9, from: <s@t>, (default: T (reject): [16.10/15.00] [])"
#define TEN(text) text text text text text text text text text text
#define LONG      TEN(TEN("0123456789"))
/* Another second for whatever waits. */
#define LATER "Nov 22 01:47:00 mx x: y\n"

static const struct row {
    const char *name, *log, *want;
} rows[] = {
    {"the whole life", WHOLE("AAAA01") VERDICT("03", "AAAA01") GONE("04", "AAAA01"),
     "AAAA01 spam 12.5 x2 client=192.0.2.1 name=unknown from=a@b mid=AAAA01@m"},
    {"waits when it stays", WHOLE("AAAA01") VERDICT("03", "AAAA01"), ""},
    {"but not forever", WHOLE("AAAA01") VERDICT("03", "AAAA01") P("33", "x", ""),
     "AAAA01 spam 12.5 x2 client=192.0.2.1 name=unknown from=a@b mid=AAAA01@m"},
    {"clean",
     WHOLE("AAAA01") AMAVIS("03", "CLEAN", ", Queue-ID: AAAA01, mail_id: x, Hits: 1")
         GONE("04", "AAAA01") LATER,
     ""},
    {"twice the verdict, once told",
     WHOLE("AAAA01") VERDICT("03", "AAAA01") VERDICT("03", "AAAA01") GONE("04", "AAAA01")
         VERDICT("05", "AAAA01") LATER,
     "AAAA01 spam 12.5 x2 client=192.0.2.1 name=unknown from=a@b mid=AAAA01@m"},
    {"the verdict comes late", WHOLE("AAAA01") GONE("04", "AAAA01") VERDICT("09", "AAAA01"),
     "AAAA01 spam 12.5 x2 client=192.0.2.1 name=unknown from=a@b mid=AAAA01@m"},
    {"the verdict comes first", VERDICT("01", "AAAA01") WHOLE("AAAA01") GONE("04", "AAAA01"),
     "AAAA01 spam 12.5 x2 client=192.0.2.1 name=unknown from=a@b mid=AAAA01@m"},
    {"the log begins mid-way", VERDICT("03", "AAAA01") LATER,
     "AAAA01 spam 12.5 x2 client=192.0.2.1 from=a@b"},
    {"nothing to say", SPAMD("03", "8", "x@y") LATER, ""},
    {"pickup",
     P("01", "pickup", "AAAA01: uid=1000 from=<joe>") FROM("02", "AAAA01", "joe@x")
         VERDICT("03", "AAAA01") GONE("04", "AAAA01"),
     "AAAA01 spam 12.5 x2 from=joe@x uid=1000"},
    {"requeued",
     P("01", "pickup", "AAAA01: uid=1000 from=<joe>") P("02", "postsuper", "AAAA01: requeued")
         P("03", "pickup", "AAAA02: uid=89 from=<joe> orig_id=AAAA01") VERDICT("04", "AAAA02")
             GONE("05", "AAAA02"),
     "AAAA01 spam 12.5 x2 from=a@b uid=1000"},
    {"no sender",
     SMTPD("01", "AAAA01", "192.0.2.9")
         P("02", "qmgr", "AAAA01: from=<>, size=9, nrcpt=1 (queue active)") VERDICT("03", "AAAA01")
             GONE("04", "AAAA01"),
     "AAAA01 spam 12.5 x2 client=192.0.2.9 name=unknown"},
    {"own network",
     SMTPD("01", "AAAA01", "198.51.100.7") FROM("02", "AAAA01", "a@b") VERDICT("03", "AAAA01")
         LATER,
     "AAAA01 spam 12.5 x2 from=a@b"},
    {"webmail, logged in",
     P("01", "submission/smtpd",
       "AAAA01: client=w[198.51.100.7], sasl_method=PLAIN, sasl_username=al")
         FROM("02", "AAAA01", "a@b") VERDICT("03", "AAAA01") GONE("04", "AAAA01"),
     "AAAA01 spam 12.5 x2 from=a@b sasl=al"},
    {"two messages, one Message-ID and queue IDs",
     SMTPD("01", "AAAA01", "192.0.2.1") MID("01", "AAAA01", "m@x")
         SMTPD("01", "AAAA02", "192.0.2.2") MID("01", "AAAA02", "m@x") VERDICT("02", "AAAA01")
             VERDICT("02", "AAAA02") GONE("03", "AAAA02") GONE("03", "AAAA01"),
     "AAAA02 spam 12.5 x2 client=192.0.2.2 name=unknown from=a@b mid=m@x; "
     "AAAA01 spam 12.5 x2 client=192.0.2.1 name=unknown from=a@b mid=m@x"},
    {"milter-reject",
     SMTPD("01", "AAAA01", "192.0.2.9") L(
         "02", "rspamd",
         "<8ae27d>; proxy; rspamd_task_write_log: id: <m@x>, qid: <AAAA01>, ip: 192.0.2.9, user: "
         "al, from: <s@t>, (default: T (reject): [16.10/15.00] []), len: 5, rcpts: <a@b>")
         P("03", "cleanup",
           "AAAA01: milter-reject: END-OF-MESSAGE from unknown[192.0.2.9]: 5.7.1 Spam; from=<s@t>"),
     "AAAA01 spam 16.1/15 x1 client=192.0.2.9 name=unknown from=s@t mid=m@x"},
    {"rspamd alone",
     L("02", "rspamd",
       "<8ae27d>; proxy; rspamd_task_write_log: id: <m@x>, qid: <AAAA01>, ip: 192.0.2.9, user: al, "
       "from: <s@t>, (default: T (reject): [16.10/15.00] [])") LATER,
     "AAAA01 spam 16.1/15 x1 client=192.0.2.9 from=s@t sasl=al mid=m@x"},
    {"the ID used again",
     WHOLE("AAAA01") GONE("04", "AAAA01") SMTPD("05", "AAAA01", "192.0.2.50")
         FROM("06", "AAAA01", "new@x") VERDICT("07", "AAAA01") GONE("08", "AAAA01"),
     "AAAA01 spam 12.5 x2 client=192.0.2.50 name=unknown from=new@x"},
    {"the ID used again without an end",
     WHOLE("AAAA01") SMTPD("05", "AAAA01", "192.0.2.50") VERDICT("07", "AAAA01")
         GONE("08", "AAAA01"),
     "AAAA01 spam 12.5 x2 client=192.0.2.50 name=unknown from=a@b"},
    {"a notice that uses the ID again",
     WHOLE("AAAA01") GONE("04", "AAAA01") MID("05", "AAAA01", "notice@mx") VERDICT("07", "AAAA01")
         GONE("08", "AAAA01") LATER,
     "AAAA01 spam 12.5 x2 client=192.0.2.1 from=a@b mid=notice@mx"},
    {"a notice is linked nowhere",
     WHOLE("AAAA01") P("03", "bounce", "AAAA01: sender non-delivery notification: AAAA02") MID(
         "03", "AAAA02", "n@mx") P("03", "qmgr", "AAAA02: from=<>, size=9, nrcpt=1 (queue active)")
         SPAMD("04", "8", "n@mx") GONE("05", "AAAA02") LATER,
     ""},
    {"folded lines",
     P("01", "smtpd", "message repeated 2 times: [ AAAA01: client=unknown[192.0.2.1]]")
         VERDICT("03", "AAAA01") GONE("04", "AAAA01"),
     "AAAA01 spam 12.5 x2 client=192.0.2.1 name=unknown from=a@b"},
    {"RFC 3339",
     "2026-11-22T01:45:01.5+01:00 mx postfix/smtpd[1]: AAAA01: client=unknown[192.0.2.1]\n"
     "2026-11-22T01:45:02.5+01:00 mx amavis[1]: (1-2) Passed SPAM {X}, <a@b> -> <c@d>, Queue-ID: "
     "AAAA01, mail_id: x\n"
     "2026-11-22T01:45:03.5+01:00 mx postfix/qmgr[1]: AAAA01: removed\n",
     "AAAA01 spam x1 client=192.0.2.1 name=unknown from=a@b"},
    {"RFC 5424, the tag cut",
     "<22>1 2026-11-22T01:45:01+01:00 mx postfix 1 - - AAAA01: client=unknown[192.0.2.1]\n"
     "<22>1 2026-11-22T01:45:02+01:00 mx amavis 1 - - (1-2) Passed SPAM {X}, <a@b> -> <c@d>, "
     "Queue-ID: AAAA01, mail_id: x\n"
     "<22>1 2026-11-22T01:45:03+01:00 mx postfix 1 - - AAAA01: removed\n",
     "AAAA01 spam x1 client=192.0.2.1 name=unknown from=a@b"},

    {"through the filter",
     WHOLE("AAAA01") SMTPD("03", "BBBB01", "127.0.0.1") FROM("03", "BBBB01", "a@b")
         AMAVIS("04", "SPAM", ", Queue-ID: AAAA01, mail_id: x, Hits: 7, queued_as: BBBB01")
             QUEUED("04", "AAAA01", "BBBB01") GONE("05", "AAAA01") GONE("06", "BBBB01"),
     "AAAA01 spam 7 x2 client=192.0.2.1 name=unknown from=a@b mid=AAAA01@m"},
    {"through the filter twice",
     WHOLE("AAAA01") SMTPD("03", "BBBB01", "127.0.0.1") AMAVIS(
         "04", "SPAMMY", ", Queue-ID: AAAA01, mail_id: x, Hits: 7, queued_as: BBBB01")
         QUEUED("04", "AAAA01", "BBBB01") GONE("05", "AAAA01") SMTPD("06", "CCCC01", "127.0.0.1")
             L("07", "amavis",
               "(1-03) Passed SPAM {X}, [127.0.0.1]:9 [192.0.2.66] <a@b> -> <E@f>,<g@h>, Queue-ID: "
               "BBBB01, mail_id: x, Hits: 6, queued_as: CCCC01") QUEUED("07", "BBBB01", "CCCC01")
                 GONE("08", "BBBB01") GONE("09", "CCCC01") LATER,
     "AAAA01 spam 7 x3 client=192.0.2.1 name=unknown from=a@b mid=AAAA01@m"},
    {"what it became is not seen yet",
     WHOLE("AAAA01")
         AMAVIS("03", "SPAMMY", ", Queue-ID: AAAA01, mail_id: x, Hits: 7, queued_as: BBBB01")
             GONE("04", "AAAA01") SMTPD("05", "BBBB01", "127.0.0.1") VERDICT("06", "BBBB01")
                 GONE("07", "BBBB01"),
     "AAAA01 spam 12.5 x2 client=192.0.2.1 name=unknown from=a@b mid=AAAA01@m"},
    {"XFORWARD with the queue ID",
     WHOLE("AAAA01") P("03", "smtpd",
                       "BBBB01: client=localhost[127.0.0.1], orig_queue_id=AAAA01, "
                       "orig_client=unknown[192.0.2.1]") VERDICT("04", "BBBB01")
         GONE("05", "AAAA01") GONE("06", "BBBB01"),
     "AAAA01 spam 12.5 x2 client=192.0.2.1 name=unknown from=a@b mid=AAAA01@m"},
    {"XFORWARD of a proxy",
     P("03", "smtpd", "BBBB01: client=localhost[127.0.0.1], orig_client=mail.x[192.0.2.77]")
         VERDICT("04", "BBBB01") GONE("06", "BBBB01") LATER,
     "BBBB01 spam 12.5 x2 client=192.0.2.77 name=mail.x from=a@b"},
    {"XFORWARD from anybody",
     WHOLE("AAAA01") P(
         "03", "smtpd",
         "BBBB01: client=unknown[192.0.2.66], orig_queue_id=AAAA01, orig_client=unknown[192.0.2.5]")
         VERDICT("04", "BBBB01") GONE("06", "BBBB01"),
     "BBBB01 spam 12.5 x2 client=192.0.2.66 name=unknown from=a@b"},
    {"XFORWARD behind what the client wrote",
     WHOLE("AAAA01") P("03", "smtpd",
                       "BBBB01: client=localhost[127.0.0.1], sasl_sender=x, orig_queue_id=AAAA01")
         VERDICT("04", "BBBB01") GONE("06", "BBBB01") LATER,
     "BBBB01 spam 12.5 x2 from=a@b"},

    {"amavis in parts",
     WHOLE("AAAA01") L("03", "amavis", "(1-02) Passed SPAM {X}, <a@b> -> <c@d>,<e...")
         L("03", "amavis", "(1-03) ...x@y>, Queue-ID: AAAA02, mail_id: x")
             L("03", "amavis", "(1-02) ...@f>,<g@...")
                 L("03", "amavis", "(1-02) ...h>, Queue-ID: AAAA01, mail_id: x, Hits: 9, 7 ms")
                     GONE("04", "AAAA01"),
     "AAAA01 spam 9 x3 client=192.0.2.1 name=unknown from=a@b mid=AAAA01@m"},
    {"p1_client_of_a_known_id",
     FROM("01", "AAAA01", "a@b") SMTPD("02", "AAAA01", "192.0.2.1") VERDICT("03", "AAAA01")
         GONE("04", "AAAA01"),
     "AAAA01 spam 12.5 x2 client=192.0.2.1 name=unknown from=a@b"},
    {"p2_submission",
     P("01", "submission/smtpd",
       "AAAA01: client=h[192.0.2.1], sasl_method=PLAIN, sasl_username=al, x")
         VERDICT("03", "AAAA01") GONE("04", "AAAA01"),
     "AAAA01 spam 12.5 x2 client=192.0.2.1 name=h from=a@b sasl=al, x"},
    {"p2_smtps",
     P("01", "smtps/smtpd", "AAAA01: client=h[192.0.2.1]:4711") VERDICT("03", "AAAA01")
         GONE("04", "AAAA01"),
     "AAAA01 spam 12.5 x2 client=192.0.2.1 name=h from=a@b"},
    {"p2_instance",
     L("01", "postfix-out/smtpd", "AAAA01: client=h[2001:db8::1]") VERDICT("03", "AAAA01")
         L("04", "postfix-out/qmgr", "AAAA01: removed"),
     "AAAA01 spam 12.5 x2 client=2001:db8::1 name=h from=a@b"},
    {"p2_service_of_a_port",
     P("01", "10025/smtpd", "AAAA01: client=h[192.0.2.1]") VERDICT("03", "AAAA01")
         GONE("04", "AAAA01"),
     "AAAA01 spam 12.5 x2 client=192.0.2.1 name=h from=a@b"},
    {"p3_case_of_long_ids",
     SMTPD("01", "3p7RMT0zrYz20p", "192.0.2.1") SMTPD("01", "3P7RMT0zrYz20p", "192.0.2.2")
         VERDICT("03", "3p7RMT0zrYz20p") GONE("04", "3P7RMT0zrYz20p") GONE("05", "3p7RMT0zrYz20p"),
     "3p7RMT0zrYz20p spam 12.5 x2 client=192.0.2.1 name=unknown from=a@b"},
    {"p3_long_ids_join",
     SMTPD("01", "3p7RMT0zrYz20p", "192.0.2.1") QUEUED("02", "3p7RMT0zrYz20p", "3p7RMT1zrYz20q")
         SMTPD("02", "3p7RMT1zrYz20q", "127.0.0.1") VERDICT("03", "3p7RMT1zrYz20q")
             GONE("04", "3p7RMT0zrYz20p") GONE("05", "3p7RMT1zrYz20q"),
     "3p7RMT0zrYz20p spam 12.5 x2 client=192.0.2.1 name=unknown from=a@b"},
    {"p5_message_id",
     SMTPD("01", "AAAA01", "192.0.2.1") MID("01", "AAAA01", "CA+x=y/z*@m")
         SPAMD("02", "8", "CA+x=y/z*@m") GONE("03", "AAAA01"),
     "AAAA01 spam 8/5 x1 client=192.0.2.1 name=unknown mid=CA+x=y/z*@m"},
    {"p5_message_id_longer",
     SMTPD("01", "AAAA01", "192.0.2.1") MID("01", "AAAA01", "CA+x@m") SPAMD("02", "8", "CA")
         GONE("03", "AAAA01") LATER,
     ""},
    {"p5_message_id_folded",
     SMTPD("01", "AAAA01", "192.0.2.1") MID("01", "AAAA01", "a b,c@m") SPAMD("02", "8", "a_b_c@m")
         GONE("03", "AAAA01"),
     "AAAA01 spam 8/5 x1 client=192.0.2.1 name=unknown mid=a b,c@m"},
    {"p6_foreign_text",
     L("01", "dovecot", "lda(u): msgid=< postfix/smtpd[1]: AAAA01: client=x[192.0.2.66]>")
         L("01", "dovecot", "AAAA01: client=x[192.0.2.66]")
             L("01", "xpostfix/smtpd", "AAAA01: client=x[192.0.2.66]")
                 P("01", "smtpd", "warning: postfix/smtpd[1]: AAAA01: client=x[192.0.2.66]")
                     VERDICT("03", "AAAA01") LATER,
     "AAAA01 spam 12.5 x2 client=192.0.2.1 from=a@b"},
    {"p6_another_program_of_postfix",
     P("01", "cleanup", "AAAA01: client=x[192.0.2.66]")
         P("01", "smtp", "AAAA01: client=x[192.0.2.66]") VERDICT("03", "AAAA01") LATER,
     "AAAA01 spam 12.5 x2 client=192.0.2.1 from=a@b"},
    {"p7_no_message_id",
     SMTPD("01", "AAAA01", "192.0.2.1") P("01", "cleanup", "AAAA01: message-id=<>")
         SPAMD("02", "8", "_") GONE("03", "AAAA01") LATER,
     ""},
    {"p7_ambiguous",
     SMTPD("01", "AAAA01", "192.0.2.1") MID("01", "AAAA01", "m@x")
         SMTPD("01", "AAAA02", "192.0.2.2") MID("01", "AAAA02", "m@x") SPAMD("02", "8", "m@x")
             GONE("03", "AAAA01") LATER,
     ""},
    {"p7_queue_id_first",
     SMTPD("01", "AAAA01", "192.0.2.1") MID("01", "AAAA01", "m@x")
         SMTPD("01", "AAAA02", "192.0.2.2") MID("01", "AAAA02", "other@x")
             AMAVIS("02", "SPAM", ", Queue-ID: AAAA01, Message-ID: <other@x>, mail_id: x")
                 GONE("03", "AAAA01") LATER,
     "AAAA01 spam x2 client=192.0.2.1 name=unknown from=a@b mid=m@x"},
    {"p7_queued_as_second",
     WHOLE("AAAA01") SMTPD("03", "BBBB01", "127.0.0.1") QUEUED("03", "AAAA01", "BBBB01")
         AMAVIS("04", "SPAM", ", Message-ID: <AAAA01@m>, mail_id: x, queued_as: BBBB01")
             GONE("05", "AAAA01") GONE("05", "BBBB01"),
     "AAAA01 spam x2 client=192.0.2.1 name=unknown from=a@b mid=AAAA01@m"},
    {"p7_one_family_is_one_message",
     WHOLE("AAAA01") SMTPD("03", "BBBB01", "127.0.0.1") MID("03", "BBBB01", "AAAA01@m")
         QUEUED("03", "AAAA01", "BBBB01") SPAMD("04", "8", "AAAA01@m") GONE("05", "AAAA01")
             GONE("05", "BBBB01"),
     "AAAA01 spam 8/5 x3 client=192.0.2.1 name=unknown from=a@b mid=AAAA01@m"},
    {"p8_child_first",
     SMTPD("01", "AAAA01", "192.0.2.1") SMTPD("02", "BBBB01", "127.0.0.1") VERDICT("02", "BBBB01")
         GONE("03", "BBBB01") QUEUED("05", "AAAA01", "BBBB01") GONE("06", "AAAA01"),
     "AAAA01 spam 12.5 x2 client=192.0.2.1 name=unknown from=a@b"},
    {"p8_localhost_is_never_listed",
     P("01", "smtpd", "BBBB01: client=localhost[127.0.0.1]") FROM("02", "BBBB01", "q@r")
         AMAVIS("03", "SPAM", ", Queue-ID: BBBB01, mail_id: x") GONE("04", "BBBB01") LATER,
     "BBBB01 spam x2 from=q@r"},
    {"p8_localhost_v6",
     P("01", "smtpd", "BBBB01: client=localhost[::1]")
         AMAVIS("03", "SPAM", ", Queue-ID: BBBB01, mail_id: x") GONE("04", "BBBB01") LATER,
     "BBBB01 spam x2 from=a@b"},
    {"p9_reply_of_a_stranger",
     WHOLE("AAAA01") SMTPD("02", "AAAA02", "192.0.2.2")
         SENT("03", "AAAA01", "mx.x[192.0.2.25]:25", "250 Ok: queued as AAAA02")
             VERDICT("04", "AAAA02") GONE("05", "AAAA01") GONE("06", "AAAA02"),
     "AAAA02 spam 12.5 x2 client=192.0.2.2 name=unknown from=a@b"},
    {"p9_reply_of_a_stranger_about_the_filter's",
     WHOLE("AAAA01") SMTPD("02", "BBBB01", "127.0.0.1")
         SENT("03", "AAAA01", "mx.x[192.0.2.25]:25", "250 Ok: queued as BBBB01")
             VERDICT("04", "BBBB01") GONE("05", "BBBB01") LATER,
     "BBBB01 spam 12.5 x2 from=a@b"},
    {"p9_forged_relay",
     WHOLE("AAAA01") SMTPD("02", "BBBB01", "127.0.0.1")
         SENT("03", "AAAA01", "mx.x[192.0.2.25]:25",
              "250 >, relay=127.0.0.1[127.0.0.1]:1, x, status=sent (queued as BBBB01)")
             VERDICT("04", "BBBB01") GONE("05", "BBBB01") LATER,
     "BBBB01 spam 12.5 x2 from=a@b"},
    {"p9_forged_recipient",
     WHOLE("AAAA01") SMTPD("02", "BBBB01", "127.0.0.1")
         P("03", "smtp",
           "AAAA01: to=<x>, relay=127.0.0.1[127.0.0.1]:1, delay=1, status=sent (queued as "
           "BBBB01)@y>, "
           "relay=mx.x[192.0.2.25]:25, delay=1, status=sent (ok)") VERDICT("04", "BBBB01")
             GONE("05", "BBBB01") LATER,
     "BBBB01 spam 12.5 x2 from=a@b"},
    {"p9_forged_recipient_and_its_server's_reply",
     WHOLE("AAAA01") SMTPD("02", "BBBB01", "127.0.0.1")
         P("03", "smtp",
           "AAAA01: to=<x>, relay=127.0.0.1[127.0.0.1]:1, @y>, relay=mx.x[192.0.2.25]:25, "
           "delay=1, status=sent (queued as BBBB01)") VERDICT("04", "BBBB01") GONE("05", "BBBB01")
             LATER,
     "BBBB01 spam 12.5 x2 from=a@b"},
    {"p9_somebody_elses_child",
     WHOLE("AAAA01") SMTPD("02", "AAAA02", "192.0.2.2") QUEUED("03", "AAAA01", "AAAA02")
         VERDICT("04", "AAAA02") GONE("06", "AAAA02"),
     "AAAA02 spam 12.5 x2 client=192.0.2.2 name=unknown from=a@b"},
    {"p9_highest_score",
     WHOLE("AAAA01") SMTPD("03", "BBBB01", "127.0.0.1") QUEUED("03", "AAAA01", "BBBB01")
         VERDICT("04", "AAAA01") AMAVIS("04", "SPAMMY", ", Queue-ID: BBBB01, mail_id: x, Hits: 0.5")
             GONE("05", "AAAA01") GONE("05", "BBBB01"),
     "AAAA01 spam 12.5 x2 client=192.0.2.1 name=unknown from=a@b mid=AAAA01@m"},
    {"p12_lmtp",
     WHOLE("AAAA01") SMTPD("02", "BBBB01", "127.0.0.1")
         P("03", "amavis-in/lmtp",
           "AAAA01: to=<r@x>, relay=" FILTER
           ", delay=1, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as BBBB01)")
             VERDICT("04", "BBBB01") GONE("05", "AAAA01") GONE("06", "BBBB01"),
     "AAAA01 spam 12.5 x2 client=192.0.2.1 name=unknown from=a@b mid=AAAA01@m"},
    {"p12_pipe_by_name",
     WHOLE("AAAA01") SMTPD("02", "BBBB01", "127.0.0.1")
         P("03", "pipe",
           "AAAA01: to=<r@x>, orig_to=<q>, relay=gate, delay=1, dsn=2.0.0, status=sent (queued as "
           "BBBB01)") VERDICT("04", "BBBB01") GONE("05", "AAAA01") GONE("06", "BBBB01"),
     "AAAA01 spam 12.5 x2 client=192.0.2.1 name=unknown from=a@b mid=AAAA01@m"},
    {"p12_postsuper",
     WHOLE("AAAA01") VERDICT("03", "AAAA01") P("04", "postsuper", "AAAA01: placed on hold")
         P("04", "postsuper", "AAAA01: released from hold") P("04", "postsuper", "AAAA01: removed"),
     "AAAA01 spam 12.5 x2 client=192.0.2.1 name=unknown from=a@b mid=AAAA01@m"},
    {"p13_no_queue_id",
     P("01", "smtpd", "fatal: client=x[192.0.2.66]") P("01", "smtpd", "FATAL: client=x[192.0.2.66]")
         P("01", "smtpd", "NOQUEUE: client=x[192.0.2.66]") LATER,
     ""},
    {"p18_real_score",
     WHOLE("AAAA01") SPAMD_REAL("02", "8.7") SPAMD("02", "8", "AAAA01@m") GONE("03", "AAAA01"),
     "AAAA01 spam 8.7/5 x3 client=192.0.2.1 name=unknown from=a@b mid=AAAA01@m"},
    {"p18_another_process",
     WHOLE("AAAA01") "Nov 22 01:45:02 mx spamd[8]: spamd: identified spam (8.7/5.0) for "
                     "u:1\n" SPAMD("02", "8", "AAAA01@m") GONE("03", "AAAA01"),
     "AAAA01 spam 8/5 x3 client=192.0.2.1 name=unknown from=a@b mid=AAAA01@m"},
    {"p18_another_message",
     WHOLE("AAAA01") SPAMD_REAL("02", "18.7") SPAMD("02", "8", "AAAA01@m") GONE("03", "AAAA01"),
     "AAAA01 spam 8/5 x3 client=192.0.2.1 name=unknown from=a@b mid=AAAA01@m"},
    {"p19_several_children",
     WHOLE("AAAA01") SMTPD("02", "BBBB01", "127.0.0.1") SMTPD("02", "BBBB02", "127.0.0.1")
         QUEUED("03", "AAAA01", "BBBB01") QUEUED("03", "AAAA01", "BBBB02") GONE("04", "AAAA01")
             GONE("04", "BBBB01") VERDICT("05", "BBBB02") GONE("06", "BBBB02"),
     "AAAA01 spam 12.5 x2 client=192.0.2.1 name=unknown from=a@b mid=AAAA01@m"},
    {"p21_distinct_recipients",
     WHOLE("AAAA01") AMAVIS("03", "SPAM", ",<C@d>,<user@localhost>, Queue-ID: AAAA01, mail_id: x")
         GONE("04", "AAAA01"),
     "AAAA01 spam x3 client=192.0.2.1 name=unknown from=a@b mid=AAAA01@m"},

    {"hosts: two messages, one queue ID",
     WHOLE("AAAA01") ON("mx2", "01", "postfix/smtpd", "AAAA01: client=unknown[192.0.2.2]")
         ON("mx2", "02", "postfix/qmgr", "AAAA01: from=<c@d>, size=9, nrcpt=1 (queue active)")
             ON("mx2", "03", "postfix/qmgr", "AAAA01: removed") VERDICT("04", "AAAA01")
                 GONE("05", "AAAA01"),
     "AAAA01 spam 12.5 x2 client=192.0.2.1 name=unknown from=a@b mid=AAAA01@m"},
    {"hosts: the filter on another",
     WHOLE("AAAA01") ON("scan", "03", "rspamd", RSPAMD("AAAA01")) GONE("04", "AAAA01"),
     "AAAA01 spam 16.1/15 x3 client=192.0.2.1 name=unknown from=a@b mid=AAAA01@m"},
    {"hosts: the filter on another is faster",
     ON("scan", "00", "rspamd", RSPAMD("AAAA01")) WHOLE("AAAA01") GONE("04", "AAAA01"),
     "AAAA01 spam 16.1/15 x3 client=192.0.2.1 name=unknown from=a@b mid=AAAA01@m"},
    {"hosts: the filter on another, two messages",
     WHOLE("AAAA01") ON("mx2", "01", "postfix/smtpd", "AAAA01: client=unknown[192.0.2.2]")
         ON("scan", "03", "rspamd", RSPAMD("AAAA01")) GONE("04", "AAAA01") LATER,
     "AAAA01 spam 16.1/15 x1 client=192.0.2.9 from=s@t mid=m@x"},
    {"hosts: the filter's own file names none",
     WHOLE("AAAA01") "2026-11-22 01:45:03 #38(normal) " RSPAMD("AAAA01") "\n" GONE("04", "AAAA01"),
     "AAAA01 spam 16.1/15 x3 client=192.0.2.1 name=unknown from=a@b mid=AAAA01@m"},
    {"hosts: handed back to another",
     WHOLE("AAAA01") ON("mx2", "02", "postfix/smtpd", "BBBB01: client=mx[10.9.9.9]")
         QUEUED("03", "AAAA01", "BBBB01") VERDICT("03", "BBBB01") GONE("04", "AAAA01")
             ON("mx2", "05", "postfix/qmgr", "BBBB01: removed"),
     "AAAA01 spam 12.5 x2 client=192.0.2.1 name=unknown from=a@b mid=AAAA01@m"},
    {"hosts: one Message-ID on two",
     WHOLE("AAAA01") ON("mx2", "01", "postfix/smtpd", "AAAA02: client=unknown[192.0.2.2]")
         ON("mx2", "02", "postfix/cleanup", "AAAA02: message-id=<AAAA01@m>")
             SPAMD("03", "8", "AAAA01@m") GONE("04", "AAAA01") LATER,
     "AAAA01 spam 8/5 x3 client=192.0.2.1 name=unknown from=a@b mid=AAAA01@m"},
    {"hosts: one process number on two",
     WHOLE("AAAA01") SPAMD_REAL("02", "8.7")
         ON("mx2", "02", "spamd", "spamd: identified spam (8.2/5.0) for u:1")
             SPAMD("03", "8", "AAAA01@m") GONE("04", "AAAA01"),
     "AAAA01 spam 8.7/5 x3 client=192.0.2.1 name=unknown from=a@b mid=AAAA01@m"},
    {"hosts: parts of amavis on two",
     WHOLE("AAAA01") L("03", "amavis", "(1-02) Passed SPAM {X}, <a@b> -> <c@d>,<e...")
         ON("mx2", "03", "amavis", "(1-02) ...@y>, Queue-ID: AAAA02, mail_id: x")
             L("03", "amavis", "(1-02) ...@f>, Queue-ID: AAAA01, mail_id: x, Hits: 9, 7 ms")
                 GONE("04", "AAAA01") LATER,
     "AAAA01 spam 9 x2 client=192.0.2.1 name=unknown from=a@b mid=AAAA01@m"},
    {"hosts: requeued, the filter on another spoke first",
     ON("scan", "01", "rspamd", RSPAMD("AAAA01"))
         P("02", "pickup", "AAAA02: uid=89 from=<joe> orig_id=AAAA01") VERDICT("03", "AAAA01")
             GONE("05", "AAAA02") LATER,
     "AAAA01 spam 16.1/15 x2 from=s@t uid=89 mid=m@x"},
    {"hosts: a clean pass on another",
     WHOLE("AAAA01") SMTPD("02", "BBBB01", "127.0.0.1") ON(
         "scan", "03", "amavis",
         "(1-02) Passed CLEAN {X}, <a@b> -> <c@d>, Queue-ID: AAAA01, mail_id: x, queued_as: BBBB01")
         VERDICT("04", "BBBB01") GONE("05", "AAAA01") GONE("05", "BBBB01"),
     "AAAA01 spam 12.5 x2 client=192.0.2.1 name=unknown from=a@b mid=AAAA01@m"},
    {"Message-ID, the sender quoted by the filter only",
     SMTPD("01", "AAAA01", "192.0.2.1") MID("01", "AAAA01", "m@x") FROM("02", "AAAA01", "a b@c")
         L("03", "amavis",
           "(1-02) Passed SPAM, <\"a b\"@c> -> <c@d>, Message-ID: <m@x>, mail_id: x, Hits: 9")
             GONE("04", "AAAA01"),
     "AAAA01 spam 9 x1 client=192.0.2.1 name=unknown from=a b@c mid=m@x"},
    {"a child told alone, then what it came from",
     WHOLE("AAAA01") SMTPD("02", "BBBB01", "127.0.0.1") VERDICT("03", "BBBB01") P("40", "x", "")
         VERDICT("41", "AAAA01") QUEUED("42", "AAAA01", "BBBB01") GONE("43", "BBBB01")
             GONE("43", "AAAA01") LATER,
     "BBBB01 spam 12.5 x2 from=a@b"},
    {"a stranger's message under the ID of an awaited child",
     WHOLE("AAAA01") QUEUED("03", "AAAA01", "BBBB01") SMTPD("04", "BBBB01", "192.0.2.66")
         VERDICT("05", "BBBB01") GONE("06", "BBBB01"),
     "BBBB01 spam 12.5 x2 client=192.0.2.66 name=unknown from=a@b"},
    {"hosts: requeued under an ID of another",
     ON("mx2", "01", "postfix/smtpd", "AAAA01: client=unknown[192.0.2.2]")
         P("03", "pickup", "AAAA02: uid=89 from=<joe> orig_id=AAAA01") VERDICT("04", "AAAA02")
             GONE("05", "AAAA02") LATER,
     "AAAA01 spam 12.5 x2 from=a@b uid=89"},

    /* A spammer's second Message-ID is that of a message which waits in the queue. */
    {"attack: two Message-IDs",
     WHOLE("AAAA01") SMTPD("02", "AAAA02", "192.0.2.66") MID("02", "AAAA02", "x@x")
         MID("02", "AAAA02", "AAAA01@m") SPAMD("03", "8", "AAAA01@m") GONE("04", "AAAA02") LATER,
     ""},
    {"attack: many Message-IDs",
     WHOLE("AAAA01") SMTPD("02", "AAAA02", "192.0.2.66") MID("02", "AAAA02", "x@x")
         MID("02", "AAAA02", "y@x") MID("02", "AAAA02", "z@x") MID("02", "AAAA02", "AAAA01@m")
             SPAMD("03", "8", "AAAA01@m") GONE("04", "AAAA02") LATER,
     ""},
    {"the last of two Message-IDs",
     SMTPD("02", "AAAA02", "192.0.2.66") MID("02", "AAAA02", "x@x") MID("02", "AAAA02", "y@x")
         SPAMD("03", "8", "y@x") GONE("04", "AAAA02"),
     "AAAA02 spam 8/5 x1 client=192.0.2.66 name=unknown mid=x@x"},
    {"the first of two Message-IDs",
     SMTPD("02", "AAAA02", "192.0.2.66") MID("02", "AAAA02", "x@x") MID("02", "AAAA02", "y@x")
         SPAMD("03", "8", "x@x") GONE("04", "AAAA02"),
     "AAAA02 spam 8/5 x1 client=192.0.2.66 name=unknown mid=x@x"},
    {"attack: the Message-ID of somebody, another client",
     WHOLE("AAAA01") L("03", "amavis",
                       "(1-02) Passed SPAM, [192.0.2.66]:9 [192.0.2.1] <a@b> -> <c@d>, Message-ID: "
                       "<AAAA01@m>, mail_id: x, Hits: 9") GONE("04", "AAAA01") LATER,
     " spam 9 x1 client=192.0.2.66 from=a@b mid=AAAA01@m"},
    {"attack: the Message-ID of somebody, another sender",
     WHOLE("AAAA01") L("03", "amavis",
                       "(1-02) Passed SPAM, <x@y> -> <c@d>, Message-ID: <AAAA01@m>, mail_id: x, "
                       "Hits: 9") GONE("04", "AAAA01") LATER,
     " spam 9 x1 from=x@y mid=AAAA01@m"},
    {"Message-ID, the same client written otherwise",
     SMTPD("01", "AAAA01", "2001:db8::1") MID("01", "AAAA01", "m@x")
         L("03", "amavis",
           "(1-02) Passed SPAM, [2001:DB8:0::1]:9 [192.0.2.1] <q@y> -> <c@d>, Message-ID: <m@x>, "
           "mail_id: x, Hits: 9") GONE("04", "AAAA01"),
     "AAAA01 spam 9 x1 client=2001:db8::1 name=unknown from=q@y mid=m@x"},
    {"attack: a verdict that comes first and is somebody's",
     L("01", "amavis",
       "(1-02) Passed SPAM, [192.0.2.66]:9 [192.0.2.66] <x@y> -> <c@d>, Message-ID: <AAAA01@m>, "
       "mail_id: x, Hits: 9") WHOLE("AAAA01") LATER,
     " spam 9 x1 client=192.0.2.66 from=x@y mid=AAAA01@m"},
    /* Lines cut at 1024 bytes, right behind what their sender wrote. */
    {"attack: a cut line of pickup",
     WHOLE("AAAA01") P("03", "pickup", "AAAA02: uid=1000 from=<" LONG "> orig_id=AAAA01")
         VERDICT("04", "AAAA02") GONE("05", "AAAA02"),
     "AAAA02 spam 12.5 x2 from=a@b uid=1000"},
    {"attack: a cut line of smtp",
     WHOLE("AAAA01") SMTPD("02", "BBBB01", "127.0.0.1")
         P("03", "smtp",
           "AAAA01: to=<x>, relay=127.0.0.1[127.0.0.1]:1, delay=1, status=sent (queued as "
           "BBBB01) " LONG ")") VERDICT("04", "BBBB01") GONE("05", "BBBB01") LATER,
     "BBBB01 spam 12.5 x2 from=a@b"},
    {"late: of a queue ID that is another's by now",
     WHOLE("AAAA01") SMTPD("40", "AAAA01", "192.0.2.66") MID("40", "AAAA01", "x@x")
         SPAMD("41", "8", "AAAA01@m") LATER,
     "AAAA01 spam 8/5 x3 client=192.0.2.1 name=unknown from=a@b mid=AAAA01@m"},
    {"amavis, a tag with its folder",
     WHOLE("AAAA01") L("03", "/usr/sbin/amavisd-new",
                       "(1-02) Passed SPAM {X}, <a@b> -> <c@d>, Queue-ID: AAAA01, mail_id: x...")
         L("03", "/usr/sbin/amavisd-new", "(1-02) ..., Hits: 9, 7 ms") GONE("05", "AAAA01"),
     "AAAA01 spam 9 x1 client=192.0.2.1 name=unknown from=a@b mid=AAAA01@m"},
};

static void test_rows(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bench bench;
        bench_open(&bench, 0);
        feed(&bench, rows[i].log);
        test_text(rows[i].name, strbuf_text(&bench.said), rows[i].want);
        bench_close(&bench);
    }
}

/* ---- counts, bounds, origins ---- */

static void test_counts(void)
{
    struct bench bench;
    struct threads_counts counts;
    bench_open(&bench, 0);
    feed(&bench,
         SMTPD("01", "AAAA01", "192.0.2.1") MID("01", "AAAA01", "m@x")
             SMTPD("01", "AAAA02", "192.0.2.2") MID("01", "AAAA02", "m@x") SPAMD("02", "8", "m@x")
                 SPAMD("02", "8", "other@x") VERDICT("02", "AAAA01") GONE("03", "AAAA01")
                     L("03", "amavis", "(1-2) Passed SPAM {X}, <a") LATER);
    threads_look(bench.threads, &counts);
    test_number("lines", (int64_t)counts.lines, 10);
    test_number("threads", (int64_t)counts.threads, 2);
    test_number("verdicts", (int64_t)counts.verdicts, 3);
    test_number("bad", (int64_t)counts.bad, 3);
    test_number("spam", (int64_t)counts.spam, 1);
    test_number("unjoined", (int64_t)counts.unjoined, 2);
    test_number("ambiguous", (int64_t)counts.ambiguous, 1);
    test_number("unknown", (int64_t)counts.unknown, 1);
    test_number("given up", (int64_t)counts.given_up, 0);
    test_number("alive", (int64_t)counts.alive, 1);
    bench_close(&bench);
}

static void feed_format(struct bench *bench, const char *format, int number)
{
    struct strbuf line = {0};
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    strbuf_format(&line, format, number);
#pragma GCC diagnostic pop
    feed(bench, strbuf_text(&line));
    strbuf_clear(&line);
}

/* The oldest go first, a waiting verdict is given out before, and what is touched stays. */
static void test_p11_bounds(void)
{
    struct bench bench;
    struct threads_counts counts;
    bench_open(&bench, 50);
    feed(&bench, WHOLE("AAAA01") WHOLE("AAAA02") VERDICT("03", "AAAA02"));
    for (int i = 0; i < 200; i++) {
        feed_format(&bench, P("04", "smtpd", "BBBB%04X: client=x[192.0.2.3]"), i);
        feed(&bench, FROM("04", "AAAA01", "a@b"));
    }
    threads_look(bench.threads, &counts);
    test_number("p11_alive", (int64_t)counts.alive, 50);
    test_number("p11_given_up", (int64_t)counts.given_up, 152);
    test_text("p11_not_lost", strbuf_text(&bench.said),
              "AAAA02 spam 12.5 x2 client=192.0.2.1 name=unknown from=a@b mid=AAAA02@m");
    strbuf_reset(&bench.said);
    feed(&bench, VERDICT("05", "AAAA01") GONE("06", "AAAA01"));
    test_text("p11_touched", strbuf_text(&bench.said),
              "AAAA01 spam 12.5 x2 client=192.0.2.1 name=unknown from=a@b mid=AAAA01@m");
    threads_tick(bench.threads, bench.clock.before + 7 * 86400);
    threads_look(bench.threads, &counts);
    test_number("p11_age", (int64_t)counts.alive, 0);
    test_number("p11_aged", (int64_t)counts.given_up, 201);
    bench_close(&bench);
}

/* Whoever ended long ago goes, also when one who ended before had a late line. */
static void test_late_line(void)
{
    struct bench bench;
    struct threads_counts counts;
    bench_open(&bench, 0);
    feed(&bench, WHOLE("AAAA01") GONE("03", "AAAA01") WHOLE("AAAA02") GONE("04", "AAAA02"));
    feed(&bench, FROM("20", "AAAA01", "a@b") "Nov 22 01:45:33 mx x: y\n");
    threads_look(bench.threads, &counts);
    test_number("nobody is gone yet", (int64_t)counts.alive, 2);
    feed(&bench, "Nov 22 01:45:34 mx x: y\n");
    threads_look(bench.threads, &counts);
    test_number("one is gone", (int64_t)counts.alive, 1);
    feed(&bench, VERDICT("45", "AAAA01"));
    test_text("the other is not", strbuf_text(&bench.said),
              "AAAA01 spam 12.5 x2 client=192.0.2.1 name=unknown from=a@b mid=AAAA01@m");
    bench_close(&bench);
}

/* A message that a filter hands back in 300 pieces, with a verdict each, is one message. */
static void test_full_family(void)
{
    struct bench bench;
    struct threads_counts counts;
    bench_open(&bench, 0);
    feed(&bench, WHOLE("AAAA01"));
    for (int i = 0; i < 300; i++) {
        feed_format(&bench, P("03", "smtpd", "BBBB%04X: client=localhost[127.0.0.1]"), i);
        feed_format(&bench, QUEUED("03", "AAAA01", "BBBB%04X"), i);
        feed_format(&bench, VERDICT("03", "BBBB%04X"), i);
        feed_format(&bench, GONE("03", "BBBB%04X"), i);
    }
    feed(&bench, GONE("04", "AAAA01") LATER);
    threads_look(bench.threads, &counts);
    test_text("a full family", strbuf_text(&bench.said),
              "AAAA01 spam 12.5 x2 client=192.0.2.1 name=unknown from=a@b mid=AAAA01@m");
    test_number("told once", (int64_t)counts.spam, 1);
    bench_close(&bench);
}

/* The last piece's verdict is not lost. */
static void test_full_family_late(void)
{
    struct bench bench;
    bench_open(&bench, 0);
    feed(&bench, WHOLE("AAAA01"));
    for (int i = 0; i < 300; i++) {
        feed_format(&bench, P("03", "smtpd", "BBBB%04X: client=localhost[127.0.0.1]"), i);
        if (i == 299)
            feed_format(&bench, VERDICT("03", "BBBB%04X"), i);
        feed_format(&bench, QUEUED("03", "AAAA01", "BBBB%04X"), i);
    }
    feed(&bench, LATER);
    test_text("a full family's last", strbuf_text(&bench.said),
              "AAAA01 spam 12.5 x2 client=192.0.2.1 name=unknown from=a@b mid=AAAA01@m");
    bench_close(&bench);
}

/* Long texts, and cases with many victims, have a bound of their own. */
static void test_long_texts(void)
{
    struct bench bench;
    struct threads_counts counts;
    bench_open(&bench, 10000);
    for (int i = 0; i < 6000; i++)
        feed_format(&bench, P("01", "cleanup", "AAAA%04X: message-id=<" LONG ">"), i);
    threads_look(bench.threads, &counts);
    test_true("texts", counts.alive > 3000 && counts.alive < 6000);
    test_number("texts given up", (int64_t)(counts.alive + counts.given_up), 6000);
    bench_close(&bench);

    bench_open(&bench, 1000);
    struct strbuf line = {0};
    for (int i = 0; i < 1000; i++)
        feed_format(&bench, P("01", "smtpd", "AAAA%04X: client=x[192.0.2.3]"), i);
    for (int i = 0; i < 1000; i++) {
        strbuf_reset(&line);
        strbuf_add_text(&line, "Nov 22 01:45:02 mx amavis[7]: (1-02) Passed SPAM {X}, <a@b> -> ");
        for (int r = 0; r < 300; r++)
            strbuf_format(&line, "<r%d@c>,", r);
        strbuf_format(&line, "<q@c>, Queue-ID: AAAA%04X, mail_id: x\n", i);
        feed(&bench, strbuf_text(&line));
    }
    threads_look(bench.threads, &counts);
    test_true("cases", counts.alive > 100 && counts.alive < 1000);
    test_number("cases told early", (int64_t)(counts.alive + counts.spam), 1000);
    strbuf_clear(&line);
    bench_close(&bench);
}

/* A clock that ran ahead keeps nothing in memory. */
static void test_future(void)
{
    struct bench bench;
    struct threads_counts counts;
    bench_open(&bench, 0);
    feed(&bench, "2027-11-22T01:45:01+01:00 mx postfix/smtpd[1]: AAAA01: client=x[192.0.2.1]\n"
                 "2026-11-22T01:45:01+01:00 mx postfix/smtpd[1]: AAAA02: client=x[192.0.2.2]\n");
    threads_look(bench.threads, &counts);
    test_number("only today's", (int64_t)counts.alive, 1);
    bench_close(&bench);
}

static void test_origins(void)
{
    struct bench bench;
    bench_open(&bench, 0);
    bench.origin = ORIGIN_TRUSTED;
    feed(&bench, WHOLE("AAAA01") WHOLE("AAAA02") VERDICT("03", "AAAA01") GONE("04", "AAAA01"));
    bench.origin = ORIGIN_FORGED;
    feed(&bench, VERDICT("04", "AAAA02") SMTPD("04", "AAAA02", "192.0.2.66"));
    bench.origin = ORIGIN_PLAIN;
    feed(&bench, VERDICT("05", "AAAA02"));
    bench.origin = ORIGIN_TRUSTED;
    feed(&bench, GONE("06", "AAAA02"));
    test_text("origins", strbuf_text(&bench.said),
              "AAAA01 spam 12.5 x2 client=192.0.2.1 name=unknown from=a@b mid=AAAA01@m trusted; "
              "AAAA02 spam 12.5 x2 client=192.0.2.1 name=unknown from=a@b mid=AAAA02@m");
    bench_close(&bench);
}

static void test_times(void)
{
    struct bench bench;
    bench_open(&bench, 0);
    bench.times = true;
    feed(&bench, WHOLE("AAAA01") VERDICT("09", "AAAA01") GONE("10", "AAAA01")
                     VERDICT("12", "AAAA02") LATER);
    test_text("times", strbuf_text(&bench.said),
              "AAAA01 spam 12.5 x2 client=192.0.2.1 name=unknown from=a@b mid=AAAA01@m t=1+8; "
              "AAAA02 spam 12.5 x2 client=192.0.2.1 from=a@b t=12+0");
    bench_close(&bench);
}

static void test_finish(void)
{
    struct bench bench;
    bench_open(&bench, 0);
    feed(&bench, WHOLE("AAAA01") VERDICT("09", "AAAA01"));
    test_text("not yet", strbuf_text(&bench.said), "");
    threads_finish(bench.threads);
    test_text("at the end", strbuf_text(&bench.said),
              "AAAA01 spam 12.5 x2 client=192.0.2.1 name=unknown from=a@b mid=AAAA01@m");
    bench_close(&bench);
}

static void test_ids(void)
{
    struct bench bench;
    struct texts ids = {0};
    bench_open(&bench, 0);
    feed(&bench, WHOLE("AAAA01") QUEUED("03", "AAAA01", "BBBB01") QUEUED("03", "BBBB01", "CCCC01"));
    threads_ids(bench.threads, SPAN("BBBB01"), &ids);
    threads_ids(bench.threads, SPAN("DDDD01"), &ids);
    test_number("ids", (int64_t)ids.len, 4);
    test_text("itself", ids.at[0], "BBBB01");
    test_text("before", ids.at[1], "AAAA01");
    test_text("behind", ids.at[2], "CCCC01");
    test_text("unknown", ids.at[3], "DDDD01");
    texts_clear(&ids);
    bench_close(&bench);
}

/* ---- saving and loading ---- */

#define RECORDS 256
#define SMALL   20 /* threads: the oldest are given up all the time */

struct store {
    struct strbuf records[RECORDS];
    bool there[RECORDS];
};

static void keep(void *state, uint64_t number, struct span bytes)
{
    struct store *store = state;
    if (number >= RECORDS)
        abort();
    strbuf_reset(&store->records[number]);
    strbuf_add_span(&store->records[number], bytes);
    store->there[number] = bytes.len > 0;
}

/* Goes on with a new joiner that knows what was saved, given back in another order. */
static void restart(struct bench *bench, struct store *store)
{
    threads_save(bench->threads, SIZE_MAX, keep, store);
    threads_free(bench->threads);
    bench->threads = open_threads(bench, SMALL);
    for (size_t i = RECORDS; i-- > 0;)
        if (store->there[i])
            test_true("loads",
                      threads_load(bench->threads, i, strbuf_span(&store->records[i])) == 0);
}

/* Kinds of lines: %A and %B are numbers below 16, %N the line's. */
static const char *const kinds[] = {
    "postfix/smtpd[7]: AAAA0%A: client=unknown[192.0.2.1%B]",
    "postfix/smtpd[7]: AAAA0%A: client=localhost[127.0.0.1], orig_queue_id=AAAA0%B",
    "postfix/smtpd[7]: AAAA0%A: client=localhost[127.0.0.1]",
    "postfix/cleanup[7]: AAAA0%A: message-id=<m%B@x>",
    "postfix/qmgr[7]: AAAA0%A: from=<f%N@x>, size=9, nrcpt=4 (queue active)",
    "postfix/smtp[7]: AAAA0%A: to=<r@x>, relay=" FILTER ", status=sent (Ok: queued as AAAA0%B)",
    "postfix/qmgr[7]: AAAA0%A: removed",
    "postfix/qmgr[7]: AAAA0%B: removed",
    "postfix/pickup[7]: AAAA0%A: uid=1%B from=<x>",
    "postfix/pickup[7]: AAAA0%A: uid=1%B from=<x> orig_id=AAAA0%B",
    "amavis[7]: (1-2) Passed SPAM {X}, [192.0.2.2]:9 <a@b> -> <r%B@x>,<q@x>, Queue-ID: AAAA0%A, "
    "mail_id: x, Hits: 1%N, queued_as: AAAA0%B",
    "amavis[7]: (1-2) Passed SPAMMY, LOCAL [192.0.2.3]:1 <o@b> -> <r%B@x>, Message-ID: <m%A@x>, "
    "mail_id: x, Hits: 7",
    "amavis[7]: (1-2) Passed CLEAN {X}, <a@b> -> <r@x>, Queue-ID: AAAA0%A, mail_id: x, queued_as: "
    "AAAA0%B",
    "amavis[7]: (1-0%A) Passed SPAM {X}, <p@b> -> <r%B@x>,<q...",
    "amavis[7]: (1-0%A) ...@x>, Queue-ID: AAAA0%B, mail_id: x, Hits: 8, 7 ms",
    "spamd[%A]: spamd: identified spam (1.5/5.0) for u:1",
    "spamd[%A]: spamd: result: Y  1 - X scantime=0.7,required_score=5.0,mid=<m%B@x>,autolearn=no",
};

#define KINDS (sizeof kinds / sizeof *kinds)

static void add_line(struct strbuf *log, const char *kind, unsigned a, unsigned b, unsigned n)
{
    for (; *kind != '\0'; kind++) {
        if (*kind != '%') {
            strbuf_add_char(log, *kind);
            continue;
        }
        kind++;
        if (*kind == 'N')
            strbuf_format(log, "%u", n);
        else
            strbuf_format(log, "%X", *kind == 'A' ? a : b);
    }
    strbuf_add_char(log, '\n');
}

/* A log in which all that can happen happens, the same each time. */
static void make_log(struct strbuf *log, unsigned seed)
{
    uint64_t random = seed;
    for (unsigned n = 0; n < 900; n++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        unsigned bits = (unsigned)(random >> 33);
        strbuf_format(log, "Nov 22 01:%02u:%02u %s ", n / 600, n / 10 % 60,
                      bits >> 16 & 3 ? "mx" : "mx2");
        add_line(log, kinds[bits % KINDS], bits >> 8 & 15, bits >> 12 & 15, n);
    }
}

static void replay(const char *log, size_t every, struct strbuf *said)
{
    struct bench bench;
    struct store *store = calloc(1, sizeof *store);
    struct span rest = span_text(log), line;
    if (store == NULL)
        abort();
    bench_open(&bench, SMALL);
    bench.times = true;
    for (size_t n = 1; span_take_line(&rest, &line); n++) {
        feed_line(&bench, line);
        if (every > 0 && n % every == 0)
            restart(&bench, store);
    }
    threads_finish(bench.threads);
    strbuf_add_span(said, strbuf_span(&bench.said));
    for (size_t i = 0; i < RECORDS; i++)
        strbuf_clear(&store->records[i]);
    free(store);
    bench_close(&bench);
}

/* After every k-th line all is saved, and another joiner goes on. */
static void test_save(void)
{
    for (unsigned seed = 1; seed <= 12; seed++) {
        struct strbuf log = {0}, whole = {0}, parts = {0};
        make_log(&log, seed);
        replay(strbuf_text(&log), 0, &whole);
        test_true("something is said", whole.len > 500);
        for (size_t every = 1; every < 400; every = every * 3 + seed % 2) {
            strbuf_reset(&parts);
            replay(strbuf_text(&log), every, &parts);
            test_text("the same after loading", strbuf_text(&parts), strbuf_text(&whole));
        }
        strbuf_clear(&log);
        strbuf_clear(&whole);
        strbuf_clear(&parts);
    }
}

/* What is no record is refused; nothing of it stays. */
static void test_load_refused(void)
{
    struct bench bench, other;
    struct store *store = calloc(1, sizeof *store);
    struct threads_counts counts;
    if (store == NULL)
        abort();
    bench_open(&bench, 0);
    bench_open(&other, 0);
    feed(&bench, WHOLE("AAAA01") VERDICT("03", "AAAA01"));
    threads_save(bench.threads, SIZE_MAX, keep, store);
    struct span record = strbuf_span(&store->records[1]);
    test_true("saved", store->there[1] && record.len > 100);
    for (size_t len = 0; len < record.len; len++)
        test_number("cut", threads_load(other.threads, 1, (struct span){record.at, len}), -1);
    test_number("far", threads_load(other.threads, UINT64_MAX, record), -1);
    test_number("once", threads_load(other.threads, 1, record), 0);
    test_number("twice", threads_load(other.threads, 1, record), -1);
    threads_look(other.threads, &counts);
    test_number("one", (int64_t)counts.alive, 1);
    feed(&bench, GONE("04", "AAAA01") LATER LATER);
    threads_save(bench.threads, SIZE_MAX, keep, store);
    test_true("gone", !store->there[1]);
    for (size_t i = 0; i < RECORDS; i++)
        strbuf_clear(&store->records[i]);
    free(store);
    bench_close(&bench);
    bench_close(&other);
}

int main(void)
{
    test_rows();
    test_counts();
    test_p11_bounds();
    test_late_line();
    test_full_family();
    test_full_family_late();
    test_long_texts();
    test_future();
    test_origins();
    test_times();
    test_finish();
    test_ids();
    test_save();
    test_load_refused();
    return test_end();
}
