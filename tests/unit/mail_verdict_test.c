/* mail_verdict_test - lines of amavis, spamd and rspamd, old and new, and forged ones. */
#include "../../core/log/mail_verdict_parts.h"
#include "spamgear/base/strbuf.h"
#include "spamgear/log/mail_verdict.h"

#include "test.h"
#include <stdlib.h>

struct row {
    const char *name, *line, *want;
};

#define AM  "Dec  2 16:53:57 mx amavis[30290]: (30290-03) "
#define RS  "Dec  2 16:53:57 mx rspamd[80]: <8ae27d>; proxy; rspamd_task_write_log: "
#define SP  "Nov 22 09:25:37 mx spamd[1279]: spamd: "
#define SPR "scantime=0.7,size=4334,user=spamd,uid=1003,required_score=5.0,rhost=localhost,"
#define SPA "raddr=127.0.0.1,rport=42431,"

static const struct row rows[] = {
    {"amavis new",
     AM "Passed SPAMMY {RelayedTaggedInbound}, [192.0.2.11]:49199 [192.0.2.11] <d@y.example> -> "
        "<ko@f.example>,<KO@f.example>,<sa@f.example>, Queue-ID: 33F124562005, Message-ID: "
        "<4FB5F6D3@ip.example>, mail_id: Tq0EZ1qm6_xb, Hits: 12.525, size: 34901, queued_as: "
        "E27B04562007, 667 ms",
     "amavis spammy 12.525 id=33F124562005 as=E27B04562007 mid=4FB5F6D3@ip.example "
     "from=d@y.example client=192.0.2.11 victims=2"},
    {"amavis old",
     AM "Passed SPAM, LOCAL [10.10.1.2] [192.0.2.4] <e@z.example> -> <l@f.example>, quarantine: "
        "4/spam-4ubUIQY5JxVu.gz, Message-ID: <b98901$ce0f9374@efmattl>, mail_id: 4ubUIQY5JxVu, "
        "Hits: 11.004, size: 144953, queued_as: 354BEA680DB, 749 ms",
     "amavis spam 11.004 as=354BEA680DB mid=b98901$ce0f9374@efmattl from=e@z.example "
     "client=10.10.1.2 victims=1"},
    {"amavis oldest", AM "Blocked SPAM, <a@b> -> <c@d>, Message-ID: <m@x>, Hits: 9.3, 1234 ms",
     "amavis spam 9.3 mid=m@x from=a@b victims=1"},
    {"no Message-ID",
     AM "Passed SPAMMY {RelayedTaggedInbound}, [192.0.2.4]:3223 [192.0.2.4] <f@u.example> -> "
        "<k@m.example>,<u@m.example>, Queue-ID: AE1454562012, mail_id: evYBMeO836NQ, Hits: 6.76, "
        "size: 1425, queued_as: EC3AE456201F, 13114 ms",
     "amavis spammy 6.76 id=AE1454562012 as=EC3AE456201F from=f@u.example client=192.0.2.4 "
     "victims=2"},
    {"banned, Message-ID without an end",
     AM "Blocked BANNED (.asc,credit_card_receipt_D0CDD328.js) {DiscardedInbound,Quarantined}, "
        "[192.0.2.22]:59058 [192.0.2.22] <B.9952@i.example> -> <good@m.example>, quarantine: "
        "banned@m.example, Queue-ID: 26866B08A06B, Message-ID: <99564dd4@,m.example, mail_id: "
        "7Vg0b3luDu2U, Hits: -, size: 16447, 181 ms",
     "amavis banned id=26866B08A06B mid=99564dd4@,m.example from=B.9952@i.example "
     "client=192.0.2.22 victims=1"},
    {"p4_ipv6",
     AM "Passed SPAM {X}, [2001:db8::7]:1 [2001:db8::7] <a@b> -> <c@d>, mail_id: x, Hits: 7",
     "amavis spam 7 from=a@b client=2001:db8::7 victims=1"},
    {"p4_one_bracket",
     AM "Passed SPAM {X}, LOCAL [172.18.0.1]:59942 <a@b> -> <c@d>, mail_id: x, Hits: 7",
     "amavis spam 7 from=a@b client=172.18.0.1 victims=1"},
    {"p4_one_bracket_of_a_header",
     AM "Passed SPAM {X}, [192.0.2.9] <a@b> -> <c@d>, mail_id: x, Hits: 7",
     "amavis spam 7 from=a@b victims=1"},
    {"p4_no_bracket", AM "Passed SPAM {X}, <a@b> -> <c@d>, mail_id: x, Hits: 7",
     "amavis spam 7 from=a@b victims=1"},
    {"p4_sender", AM "Passed SPAM {X}, [192.0.2.9]:1 <o'b+c=d/e#f@b> -> <c@d>, mail_id: x, Hits: 7",
     "amavis spam 7 from=o'b+c=d/e#f@b client=192.0.2.9 victims=1"},
    {"p4_null_sender", AM "Passed SPAM {X}, [192.0.2.9]:1 <> -> <c@d>, mail_id: x, Hits: 7",
     "amavis spam 7 client=192.0.2.9 victims=1"},
    {"p4_policy_bank",
     AM "Passed SPAM {X}, ORIGINATING/MYNETS LOCAL [192.0.2.9]:1 <a@b> -> <c@d>, mail_id: x",
     "amavis spam from=a@b client=192.0.2.9 victims=1"},
    {"p4_clean", AM "Passed CLEAN {X}, [192.0.2.9]:1 <a@b> -> <c@d>, mail_id: x, Hits: -1.2",
     "amavis clean -1.2 from=a@b client=192.0.2.9 victims=1"},
    {"p4_infected",
     AM "Blocked INFECTED (Eicar, X (1)) {Y}, [192.0.2.9]:1 <a@b> -> <c@d>, mail_id: x",
     "amavis infected from=a@b client=192.0.2.9 victims=1"},
    {"p4_bad_header", AM "Passed BAD-HEADER-3 {Y}, <a@b> -> <c@d>, mail_id: x",
     "amavis bad-header from=a@b victims=1"},
    {"p4_unchecked", AM "Passed UNCHECKED-ENCRYPTED {Y}, <a@b> -> <c@d>, mail_id: x",
     "amavis unchecked from=a@b victims=1"},
    {"p4_oversized", AM "Passed OVERSIZED {Y}, <a@b> -> <c@d>, mail_id: x",
     "amavis oversized from=a@b victims=1"},
    {"p4_mta_blocked", AM "Blocked MTA-BLOCKED {Y}, <a@b> -> <c@d>, mail_id: x",
     "amavis mta-blocked from=a@b victims=1"},
    {"p4_other", AM "Blocked SPAMMER {Y}, <a@b> -> <c@d>, mail_id: x",
     "amavis other from=a@b victims=1"},
    {"p5_message_id",
     AM "Passed SPAM {X}, <a@b> -> <c@d>, Message-ID: <CA+x=y/z*{}~@mail.example>, mail_id: x, "
        "Hits: 7",
     "amavis spam 7 mid=CA+x=y/z*{}~@mail.example from=a@b victims=1"},
    {"p6_forged_in_a_quoted_sender",
     AM "Passed SPAM {X}, [192.0.2.9]:1 <\"> -> <v@w>, Queue-ID: AAAAAA\"@b> -> <c@d>, mail_id: x",
     "amavis spam from=\"> -> <v@w>, Queue-ID: AAAAAA\"@b client=192.0.2.9 victims=1"},
    {"p6_forged_in_a_message_id",
     AM "Passed SPAM {X}, <a@b> -> <c@d>, Message-ID: <x>, mail_id: y, Hits: -50, queued_as: "
        "AAAAAA@h>, mail_id: x, Hits: 7",
     "amavis spam 7 mid=x>, mail_id: y, Hits: -50, queued_as: AAAAAA@h from=a@b victims=1"},
    {"p6_forged_queue_id_in_a_message_id",
     AM "Passed SPAM {X}, <a@b> -> <c@d>, Message-ID: <x, Queue-ID: AAAAAA>, mail_id: x, Hits: 7",
     "amavis spam 7 mid=x, Queue-ID: AAAAAA from=a@b victims=1"},
    {"p6_forged_in_the_name_of_a_part",
     AM "Blocked BANNED (.exe,x) {X}, [192.0.2.66]:1 <v@w> -> <y@z>) {Discarded}, [192.0.2.9]:1 "
        "<a@b> -> <c@d>, mail_id: x",
     "unknown"},
    {"p19_several",
     AM "Passed SPAM {X}, <a@b> -> <c@d>,<e@f>, mail_id: x, Hits: 7, queued_as: AAAAA1/AAAAA2",
     "amavis spam 7 as=AAAAA1 as=AAAAA2 from=a@b victims=2"},
    {"p21_recipients",
     AM "Passed SPAM {X}, <a@b> -> <c@d.e>,<user@localhost>,<postmaster>,<C@D.E>,<\"a,b\"@c>, "
        "mail_id: x, Hits: 7",
     "amavis spam 7 from=a@b victims=4"},
    {"amavis, other words", AM "FWD from <a@b> -> <c@d>,BODY=7BIT 250 2.0.0 Ok: queued as AAAAA1",
     "nothing"},
    {"amavis, start", "Dec  2 16:53:57 mx amavis[3]: starting. amavis at mx", "nothing"},
    {"amavis cut", AM "Passed SPAM {X}, [192.0.2.9]:1 <a@b> -> ", "unknown"},
    {"amavis, the tag with its folder",
     "Jun 27 14:03:00 mx /usr/sbin/amavisd-new[207]: (207-02) Passed SPAMMY "
     "{RelayedTaggedInbound}, "
     "[192.0.2.1]:603 [192.0.2.1] <a@b> -> <c@d>, Queue-ID: 144F31E300, mail_id: x, Hits: 9.781",
     "amavis spammy 9.781 id=144F31E300 from=a@b client=192.0.2.1 victims=1"},
    {"amavis, blocked by the MTA, signed",
     AM "Blocked MTA-BLOCKED {TempFailedInbound}, [192.0.2.54]:371 <a@b> -> <c@d>, Queue-ID: "
        "79B0F220672, Message-ID: <m@x>, mail_id: byi6OZkLOl2C, Hits: -0.1, size: 2002, "
        "dkim_sd=20161025:b.example, 2477 ms",
     "amavis mta-blocked -0.1 id=79B0F220672 mid=m@x from=a@b client=192.0.2.54 victims=1"},
    {"amavis, tests behind",
     AM "Passed SPAM {RelayedTaggedInbound,Quarantined}, [192.0.2.4]:331 [192.0.2.4] <a@b> -> "
        "<c@d>, quarantine: S/spam-Svj.gz, Queue-ID: 792B6131D7, Message-ID: <m@x>, mail_id: Svj, "
        "Hits: 1003.5, size: 217, pt: 3, queued_as: E8339132AB, dkim_sd=s:d.example, 1837 ms, "
        "Tests: [DKIM_SIGNED=0.1,SPF_PASS=-0.001]",
     "amavis spam 1003.5 id=792B6131D7 as=E8339132AB mid=m@x from=a@b client=192.0.2.4 victims=1"},
    {"amavis, Zimbra's second pass",
     AM "Passed SPAM {RelayedTaggedOutbound}, ORIGINATING_POST/MYNETS LOCAL [127.0.0.1]:38230 "
        "<a@b> -> <c@d>, Queue-ID: 10B7218ED12A, Message-ID: <m@x>, mail_id: H, Hits: 7.2, size: "
        "3310, queued_as: 88C4C18ED12D, 478 ms",
     "amavis spam 7.2 id=10B7218ED12A as=88C4C18ED12D mid=m@x from=a@b client=127.0.0.1 victims=1"},
    {"amavis, discarded over LMTP",
     AM "Blocked SPAM {DiscardedInternal,Quarantined}, MYNETS LOCAL [10.0.0.2]:411 [10.0.0.2] "
        "<a@b> -> <c@d>, quarantine: spam-WY, Queue-ID: 7FC7B22DF6, mail_id: WY, Hits: 31, size: "
        "407, 166 ms",
     "amavis spam 31 id=7FC7B22DF6 from=a@b client=10.0.0.2 victims=1"},
    {"amavis, no category", AM "Passed, <a@b> -> <c@d>, quarantine S68, Message-ID: <m@x>,",
     "nothing"},
    {"amavis, no mail_id, forged in a Message-ID",
     AM "Passed SPAM, <a@b> -> <c@d>, Message-ID: <x>, Hits: -5, queued_as: AAAAAA@h>, Hits: 7, "
        "queued_as: BBBBB1, 749 ms",
     "amavis spam 7 as=BBBBB1 mid=x>, Hits: -5, queued_as: AAAAAA@h from=a@b victims=1"},
    {"amavis, no score, forged in a Message-ID",
     AM "Passed SPAM, <a@b> -> <c@d>, Message-ID: <x>, queued_as: AAAAAA, @h>, 749 ms",
     "amavis spam mid=x>, queued_as: AAAAAA, @h>, 749 ms from=a@b victims=1"},
    {"amavis, forged in a subject",
     AM "Passed SPAM {X}, <a@b> -> <c@d>, Queue-ID: BBBBB1, Message-ID: <m@x>, mail_id: x, Hits: "
        "7, Subject: \"y, mail_id: z, Hits: -50, queued_as: AAAAAA\", From: <a@b>, 5 ms",
     "amavis spam id=BBBBB1 from=a@b victims=1"},
    {"amavis, forged in a subject, the score",
     AM "Passed SPAM {X}, <a@b> -> <c@d>, Queue-ID: BBBBB1, mail_id: x, Hits: 7, Subject: \"y, "
        "Hits: -50, queued_as: AAAAAA\", From: <a@b>, 5 ms",
     "amavis spam 7 id=BBBBB1 from=a@b victims=1"},
    {"amavis, forged in a signature's domain",
     AM
     "Passed SPAM {X}, <a@b> -> <c@d>, mail_id: x, Hits: 7, dkim_sd=s:x, queued_as: AAAAAA, 5 ms",
     "amavis spam 7 from=a@b victims=1"},
    {"amavis, forged behind the real one",
     AM "Passed SPAM {X}, <a@b> -> <c@d>, mail_id: x, Hits: 7, queued_as: BBBBB1, Tests: [x], "
        "queued_as: AAAAAA, 5 ms",
     "amavis spam 7 as=BBBBB1 from=a@b victims=1"},
    {"amavis RFC 5424",
     "<22>1 2026-12-02T16:53:57+01:00 mx amavis 5 - - (1-2) Passed SPAM {X}, <a@b> -> <c@d>, "
     "mail_id: x, Hits: 7",
     "amavis spam 7 from=a@b victims=1"},

    {"p18_real_score", SP "identified spam (8.5/5.0) for spamd:1003 in 9.8 seconds, 1801 bytes.",
     "spamd partial spam 8.5/5"},
    {"p18_clean", SP "clean message (-1.9/5.0) for spamd:1003 in 9.8 seconds, 1801 bytes.",
     "spamd partial clean -1.9/5"},
    {"p18_two_blanks", SP "result: Y  8 - X " SPR SPA "mid=<a@b>,autolearn=disabled",
     "spamd spam 8/5 mid=a@b folded"},
    {"p18_result",
     SP "result: Y 6 - HTML_MESSAGE,SPF_SOFTFAIL " SPR SPA "mid=<O+y=NDM1@w.example>,x=y",
     "spamd spam 6/5 mid=O+y=NDM1@w.example folded"},
    {"spamd clean",
     SP "result: . -20 - SHORTCIRCUIT " SPR SPA "mid=<5651@s.foo>,autolearn=disabled",
     "spamd clean -20/5 mid=5651@s.foo folded"},
    {"spamd blank mid", SP "result: Y 6 - X " SPR SPA "mid=< >,autolearn=disabled",
     "spamd spam 6/5"},
    {"spamd unknown mid", SP "result: Y 6 - X " SPR SPA "mid=(unknown),autolearn=disabled",
     "spamd spam 6/5"},
    {"spamd no tests", SP "result: Y 6 -  " SPR SPA "mid=<a@b>", "spamd spam 6/5 mid=a@b folded"},
    {"attack: a spamd user that looks like fields",
     SP "result: Y 8 - X scantime=0.7,size=4334,user=x,mid=<victim@m>,required_score=900,y,uid=5,"
        "required_score=5.0,rhost=localhost,mid=<a@b>,rmid=<c@d>,autolearn=no",
     "spamd spam 8/5 mid=a@b folded"},
    {"spamd others", SP "processing message <028f01d1257c$96138890@icvyvnk> for spamd:1003",
     "nothing"},
    {"spamd odd", SP "result: ? 6", "unknown"},

    {"rspamd",
     RS "id: <m+1=2@x>, qid: <4BF20F876FF>, ip: 192.0.2.1, user: al, from: <s@t>, (default: T "
        "(reject): [16.10/15.00] [A(1.0){a;},B(2)]), len: 5, time: 8ms, rcpts: <a@b,c@d,A@b>, "
        "mime_rcpts: <x@y,z@y>",
     "rspamd spam 16.1/15 id=4BF20F876FF mid=m+1=2@x from=s@t client=192.0.2.1 sasl=al victims=2"},
    {"rspamd v6, little",
     RS "id: <undef>, ip: 2001:db8::1, from: <>, (default: F (add header): [6.10/15.00] [])",
     "rspamd spam 6.1/15 client=2001:db8::1"},
    {"rspamd clean",
     RS "id: <m@x>, qid: <4BF20F876FF>, ip: 192.0.2.1, from: <s@t>, (default: F (no "
        "action): [0.10/15.00] []), len: 5",
     "rspamd clean 0.1/15 id=4BF20F876FF mid=m@x from=s@t client=192.0.2.1"},
    {"rspamd soft", RS "id: <m@x>, (default: F (soft reject): [0.10/15.00] [])",
     "rspamd unchecked 0.1/15 mid=m@x"},
    {"rspamd, no threshold",
     RS "id: <m@x>, qid: <4BF20F876FF>, ip: 192.0.2.1, from: <s@t>, (default: F (add header): "
        "[7.10/nan] [])",
     "rspamd spam 7.1 id=4BF20F876FF mid=m@x from=s@t client=192.0.2.1"},
    {"rspamd, old, with virtual times",
     RS "id: <m@x>, qid: <D98C61D2B1>, ip: 192.0.2.1, user: a@b, from: <a@b>, (default: T (rewrite "
        "subject): [9.19/15.00] [ASN(0.00){asn:64500, ipnet:192.0.2.0/24, country:DE;}]), len: "
        "174, time: 5046.005ms real, 32.604ms virtual, dns req: 9, digest: <6b6c>, rcpts: <c@d>, "
        "mime_rcpt: <e@f>",
     "rspamd spam 9.19/15 id=D98C61D2B1 mid=m@x from=a@b client=192.0.2.1 sasl=a@b victims=1"},
    {"rspamd, settings and a forced action behind",
     RS "id: <m@x>, qid: <D98C61D2B1>, ip: 192.0.2.1, from: <a@b>, (default: T (reject): "
        "[1.00/15.00] []), len: 174, time: 5.0ms, dns req: 9, digest: <6b6c>, rcpts: <c@d,e@f>, "
        "mime_rcpts: <e@f,>, file: x.exe, forced: reject \"no\"; score=nan (set by force_actions), "
        "settings_id: outbound",
     "rspamd spam 1/15 id=D98C61D2B1 mid=m@x from=a@b client=192.0.2.1 victims=2"},
    {"rspamd is taught",
     "Dec  2 16:53:57 mx rspamd[80]: <cf1261>; csession; rspamd_task_write_log: id: <m@x>, ip: "
     "10.3.53.226, from: <a@b>, (default: T (add header): [6.10/25.00] [BAYES_SPAM(5.10){}])",
     "nothing"},
    {"rspamd's own file",
     "2026-03-20 08:09:41 #38(normal) <73b3a9>; task; rspamd_task_write_log: id: <m@x>, qid: "
     "<4BF20F876FF>, ip: 192.0.2.1, from: <s@t>, (default: T (reject): [16/15] [])",
     "rspamd spam 16/15 id=4BF20F876FF mid=m@x from=s@t client=192.0.2.1"},
    {"rspamd's own file, with severity and fractions",
     "2026-03-20 08:09:41.12345 [info] #38(normal) <73b3a9>; task; rspamd_task_write_log: id: "
     "<m@x>, qid: <4BF20F876FF>, ip: 192.0.2.1, from: <s@t>, (default: T (reject): [16/15] [])",
     "rspamd spam 16/15 id=4BF20F876FF mid=m@x from=s@t client=192.0.2.1"},
    {"rspamd, by the journal",
     "Dec  2 16:53:57 mx rspamd[80]: (rspamd_proxy) <73b3a9>; proxy; rspamd_task_write_log: id: "
     "<m@x>, (default: T (reject): [16/15] [])",
     "rspamd spam 16/15 mid=m@x"},
    {"rspamd, by the journal, with its number",
     "Dec  2 16:53:57 mx rspamd[80]: #81(normal) <73b3a9>; task; rspamd_task_write_log: id: "
     "<m@x>, (default: T (reject): [16/15] [])",
     "rspamd spam 16/15 mid=m@x"},
    {"another file without a tag",
     "2026-03-20 08:09:41 (normal) <73b3a9>; task; rspamd_task_write_log: id: <m@x>", "foreign"},
    {"rspamd forged sender",
     RS "id: <m@x>, qid: <4BF20F876FF>, ip: 192.0.2.1, from: <\"x>, (default: F (no action): "
        "[0.1/15.00] []\"@t>, (default: T (reject): [16.10/15.00] [])",
     "rspamd spam 16.1/15 id=4BF20F876FF mid=m@x from=\"x>, (default: F (no action): [0.1/15.00] "
     "[]\"@t client=192.0.2.1"},
    {"rspamd others",
     "Dec  2 16:53:57 mx rspamd[80]: <8ae27d>; proxy; proxy_accept_socket: accepted", "nothing"},
    {"rspamd cut", RS "id: <m@x>, qid: <4BF2", "unknown"},

    {"p6_another_program",
     "Dec  2 16:53:57 mx dovecot: lda(u): msgid=< amavis[1]: (1-2) Passed SPAM {X}, <a@b> -> <c@d>",
     "foreign"},
    {"p6_another_tag", "Dec  2 16:53:57 mx xamavis[1]: (1-2) Passed SPAM {X}, <a@b> -> <c@d>",
     "foreign"},
    {"postfix", "Dec  2 16:53:57 mx postfix/smtpd[1]: AAAAAA: client=x[192.0.2.1]", "foreign"},
};

static enum parse_result parse(struct span whole, struct mail_verdict_line *verdict)
{
    struct log_line line = {.whole = whole};
    struct syslog_head head;
    struct stamp stamp = {0};
    struct stamp_clock clock;
    stamp_clock_init(&clock, 1796305600);
    line.time = stamp_read(&clock, whole, &stamp, &line.rest);
    line.shape = stamp.shape;
    if (line.time == STAMP_NONE ||
        !(syslog_split(&line, &head) || mail_verdict_own_file(&line, &head)))
        return PARSE_FOREIGN;
    return mail_verdict_parse(&head, verdict);
}

static void say_text(struct strbuf *out, const char *key, struct span text)
{
    if (text.len > 0)
        strbuf_format(out, " %s=%.*s", key, (int)text.len, text.at);
}

static unsigned victims(struct span recipients)
{
    struct digests digests = {0};
    mail_verdict_digests(recipients, 1000, &digests);
    unsigned count = (unsigned)digests.len;
    vec_clear(&digests);
    return count;
}

static void say(enum parse_result result, const struct mail_verdict_line *v, struct strbuf *out)
{
    static const char *const results[] = {"", "nothing", "foreign", "unknown", ""};
    static const char *const filters[] = {"amavis", "spamd", "rspamd"};
    strbuf_add_text(out, results[result]);
    if (result != PARSE_EVENT)
        return;
    strbuf_format(out, "%s%s %s", filters[v->filter], v->partial ? " partial" : "",
                  mail_verdict_name(v->verdict));
    if (v->has_score)
        strbuf_format(out, " %g", v->score);
    if (v->has_threshold)
        strbuf_format(out, "/%g", v->threshold);
    say_text(out, "id", v->queue_id);
    for (unsigned i = 0; i < v->queued_len; i++)
        say_text(out, "as", v->queued_as[i]);
    say_text(out, "mid", v->message_id);
    if (v->message_id.len > 0 && v->mid_folded)
        strbuf_add_text(out, " folded");
    say_text(out, "from", v->from);
    say_text(out, "client", v->client);
    say_text(out, "sasl", v->sasl);
    if (v->recipients.len > 0)
        strbuf_format(out, " victims=%u", victims(v->recipients));
}

/* Every beginning of a line, in memory that ends where it ends. */
static void try_cut(const char *line)
{
    for (size_t len = strlen(line); len > 0; len--) {
        struct mail_verdict_line verdict;
        struct strbuf said = {0};
        char *copy = malloc(len);
        if (copy == NULL)
            abort();
        memcpy(copy, line, len);
        say(parse((struct span){copy, len}, &verdict), &verdict, &said);
        strbuf_clear(&said);
        free(copy);
    }
}

static void test_victims(void)
{
    struct digests few = {0};
    test_number("none", victims(SPAN("")), 0);
    test_number("nobody", victims(SPAN("<>")), 0);
    test_number("folded", victims(SPAN("<a@b>,<A@B>,<c>")), 2);
    test_number("quoted", victims(SPAN("<\"a,b\"@c>,<d@e>")), 2);
    test_number("open quote", victims(SPAN("<\"a,b@c>,<d@e\\")), 1);
    mail_verdict_digests(SPAN("<a@b>,<c@d>,<e@f>"), 2, &few);
    test_number("no more than wanted", (int64_t)few.len, 2);
    vec_clear(&few);
}

int main(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct mail_verdict_line verdict;
        struct strbuf got = {0};
        say(parse(span_text(rows[i].line), &verdict), &verdict, &got);
        test_text(rows[i].name, strbuf_text(&got), rows[i].want);
        strbuf_clear(&got);
        try_cut(rows[i].line);
    }
    test_victims();
    return test_end();
}
