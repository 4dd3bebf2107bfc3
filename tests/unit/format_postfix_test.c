/* What Postfix writes, in every envelope, and what others write to look like it. */
#include "format_rows.h"

#define S       "Nov  2 01:45:57 mx "
#define R       "2026-11-02T01:45:57.359299+01:00 mx "
#define RFC5424 "<22>1 2026-11-02T01:45:57.359299+01:00 mx "
#define A       "client=h.example[192.0.2.1], sasl_method=PLAIN, sasl_username="
#define GOT     " client=<h.example[192.0.2.1]> name=h.example addr=192.0.2.1"

static const struct format_row accepted[] = {
    {"traditional", S "postfix/smtpd[7]: 3C5DEA86642: " A "alice",
     "accepted sasl <alice> id=3C5DEA86642" GOT},
    {"zero-padded day (postlogd)", "Nov 02 01:45:57 mx postfix/smtpd[7]: 3C5DEA86642: " A "alice",
     "accepted sasl <alice> id=3C5DEA86642" GOT},
    {"G4: RFC 3339", R "postfix/smtpd[7]: 3C5DEA86642: " A "alice",
     "accepted sasl <alice> id=3C5DEA86642" GOT},
    {"RFC 5424 cuts the tag", RFC5424 "postfix 7 - -  3C5DEA86642: " A "alice",
     "accepted sasl <alice> id=3C5DEA86642" GOT},
    {"RFC 5424 with data and mark",
     RFC5424 "postfix/smtpd 7 - [x y=\"a\\]b\"][z] \xef\xbb\xbf"
             "3C5DEA86642: " A "alice",
     "accepted sasl <alice> id=3C5DEA86642" GOT},
    {"BSD verbose priority",
     "Nov  2 01:45:57 <mail.info> mx postfix/smtpd[7]: 3C5DEA86642: " A "alice",
     "accepted sasl <alice> id=3C5DEA86642" GOT},
    {"Solaris message id", S "postfix/smtpd[7]: [ID 197553 mail.info] 3C5DEA86642: " A "alice",
     "accepted sasl <alice> id=3C5DEA86642" GOT},
    {"vserver", S "@vserver_mail postfix/smtpd[7]: 3C5DEA86642: " A "alice",
     "accepted sasl <alice> id=3C5DEA86642" GOT},
    {"submission", S "postfix/submission/smtpd[7]: 3C5DEA86642: " A "alice",
     "accepted sasl <alice> id=3C5DEA86642" GOT},
    {"smtps", S "postfix/smtps/smtpd[7]: 3C5DEA86642: " A "alice",
     "accepted sasl <alice> id=3C5DEA86642" GOT},
    {"instance", S "postfix-incoming/smtpd[7]: 3C5DEA86642: " A "alice",
     "accepted sasl <alice> id=3C5DEA86642" GOT},
    {"instance and service", S "postfix-smo/submission/smtpd[7]: 3C5DEA86642: " A "alice",
     "accepted sasl <alice> id=3C5DEA86642" GOT},
    {"service by port", S "postfix/10025/smtpd[7]: 3C5DEA86642: " A "alice",
     "accepted sasl <alice> id=3C5DEA86642" GOT},
    {"service smtpd", S "postfix/submission/smtpd/smtpd[7]: 3C5DEA86642: " A "alice",
     "accepted sasl <alice> id=3C5DEA86642" GOT},
    {"no pid", S "postfix/smtpd: 3C5DEA86642: " A "alice",
     "accepted sasl <alice> id=3C5DEA86642" GOT},
    {"short id of six", S "postfix/smtpd[7]: 0A1B2C: " A "alice",
     "accepted sasl <alice> id=0A1B2C" GOT},
    {"long id", S "postfix/smtpd[7]: 3p7RMT0zrYz20p: " A "alice",
     "accepted sasl <alice> id=3p7RMT0zrYz20p" GOT},
    {"NOQUEUE (proxy filter)", S "postfix/smtpd[7]: NOQUEUE: " A "alice",
     "accepted sasl <alice>" GOT},
    {"folded by rsyslog", S "postfix/smtpd[7]: message repeated 4 times: [ NOQUEUE: " A "alice]",
     "accepted sasl <alice>" GOT " x4"},
    {"folded without a blank", S "postfix/smtpd[7]: message repeated 2 times: [NOQUEUE: " A "a]b]",
     "accepted sasl <a]b>" GOT " x2"},
    {"logged port",
     S "postfix/smtpd[7]: 3C5DEA86642: client=h.example[192.0.2.1]:4711, "
       "sasl_method=PLAIN, sasl_username=alice",
     "accepted sasl <alice> id=3C5DEA86642" GOT},
    {"IPv6",
     S "postfix/smtpd[7]: 3C5DEA86642: client=unknown[2001:db8::1], "
       "sasl_method=LOGIN, sasl_username=alice",
     "accepted sasl <alice> id=3C5DEA86642 client=<unknown[2001:db8::1]> name=unknown "
     "addr=2001:db8::1"},
    {"link-local with a zone",
     S "postfix/smtpd[7]: 3C5DEA86642: client=unknown[fe80::1%eth0], "
       "sasl_method=LOGIN, sasl_username=alice",
     "accepted sasl <alice> id=3C5DEA86642 client=<unknown[fe80::1%eth0]> name=unknown "
     "addr=fe80::1%eth0"},
    {"unknown address",
     S "postfix/smtpd[7]: 3C5DEA86642: client=unknown[unknown], "
       "sasl_method=LOGIN, sasl_username=alice",
     "accepted sasl <alice> id=3C5DEA86642 client=<unknown[unknown]> name=unknown"},
    {"no method",
     S "postfix/smtpd[7]: 3C5DEA86642: client=h.example[192.0.2.1], sasl_username=alice",
     "accepted sasl <alice> id=3C5DEA86642" GOT},
};

static const struct format_row names[] = {
    {"blank", S "postfix/smtpd[7]: 3C5DEA86642: " A "john doe",
     "accepted sasl <john doe> id=3C5DEA86642" GOT},
    {"comma", S "postfix/smtpd[7]: 3C5DEA86642: " A "a, b@example.net",
     "accepted sasl <a, b@example.net> id=3C5DEA86642" GOT},
    {"G8: equals sign", S "postfix/smtpd[7]: 3C5DEA86642: " A "user=eq@example.net",
     "accepted sasl <user=eq@example.net> id=3C5DEA86642" GOT},
    {"brackets", S "postfix/smtpd[7]: 3C5DEA86642: " A "x[1]@example.net",
     "accepted sasl <x[1]@example.net> id=3C5DEA86642" GOT},
    {"UTF-8", S "postfix/smtpd[7]: 3C5DEA86642: " A "j\xc3\xb6rg",
     "accepted sasl <j\xc3\xb6rg> id=3C5DEA86642" GOT},
    {"pattern", S "postfix/smtpd[7]: 3C5DEA86642: " A ".*",
     "accepted sasl <.*> id=3C5DEA86642" GOT},
    {"shell (G2)", S "postfix/smtpd[7]: 3C5DEA86642: " A "z'\"$(touch x)\"'",
     "accepted sasl <z'\"$(touch x)\"'> id=3C5DEA86642" GOT},
    {"like a client",
     S "postfix/smtpd[7]: 3C5DEA86642: " A "x client=y[1.2.3.4] sasl_username=victim",
     "accepted sasl <x client=y[1.2.3.4] sasl_username=victim> id=3C5DEA86642" GOT},
    {"like a field", S "postfix/smtpd[7]: 3C5DEA86642: " A "x, sasl_username=victim",
     "accepted sasl <x, sasl_username=victim> id=3C5DEA86642" GOT},
    {"G8: sasl_sender", S "postfix/smtpd[7]: 3C5DEA86642: " A "bob, sasl_sender=carol@example.net",
     "accepted sasl <bob> id=3C5DEA86642" GOT},
    {"AUTH= makes no new name",
     S "postfix/smtpd[7]: 3C5DEA86642: " A "bob, sasl_sender=\"x, sasl_sender=y",
     "accepted sasl <bob> id=3C5DEA86642" GOT},
    {"AUTH= chooses no queue ID",
     S "postfix/smtpd[7]: 3C5DEA86642: " A
       "bob, sasl_sender=\"x, orig_queue_id=AAAAAAAA, orig_client=h[192.0.2.9]",
     "accepted sasl <bob> id=3C5DEA86642" GOT},
    {"no name", S "postfix/smtpd[7]: 3C5DEA86642: " A, "unknown"},
};

/* A filter hands the message back: without a name it is no send, with one it is the same. */
static const struct format_row again[] = {
    {"no name",
     S "postfix/reinject/smtpd[7]: 45FE0A8662F: client=localhost[127.0.0.1], "
       "orig_queue_id=3C5DEA86642, orig_client=h.example[192.0.2.1]",
     "nothing"},
    {"no name, after the proxy",
     S "postfix/reinject/smtpd[7]: 45FE0A8662F: "
       "client=localhost[127.0.0.1], orig_client=h.example[192.0.2.1]",
     "nothing"},
    {"with a name",
     S "postfix/reinject/smtpd[7]: 45FE0A8662F: client=localhost[127.0.0.1], "
       "sasl_method=PLAIN, sasl_username=bob, orig_queue_id=3C5DEA86642, "
       "orig_client=h.example[192.0.2.1]",
     "accepted sasl <bob> id=3C5DEA86642 client=<localhost[127.0.0.1]> name=localhost "
     "addr=127.0.0.1"},
    {"queue ID alone", S "postfix/smtpd[7]: 45FE0A8662F: " A "bob, orig_queue_id=3p7RMT0zrYz20p",
     "accepted sasl <bob> id=3p7RMT0zrYz20p" GOT},
    {"client alone", S "postfix/smtpd[7]: 45FE0A8662F: " A "bob, orig_client=h[192.0.2.1]",
     "accepted sasl <bob> id=45FE0A8662F" GOT},
    {"no queue ID", S "postfix/smtpd[7]: 45FE0A8662F: " A "bob, orig_queue_id=what",
     "accepted sasl <bob> id=45FE0A8662F" GOT},
    {"unauthenticated", S "postfix/smtpd[7]: 45FE0A8662F: client=h.example[192.0.2.1]", "nothing"},
};

static const struct format_row others[] = {
    {"local", S "postfix/pickup[7]: 17915A86643: uid=1000 from=<web1>",
     "accepted local <uid=1000> id=17915A86643 uid=1000"},
    {"local, tag cut", RFC5424 "postfix 7 - - 17915A86643: uid=0 from=<root>",
     "accepted local <uid=0> id=17915A86643 uid=0"},
    {"local, null sender", S "postfix/pickup[7]: 17915A86643: uid=33 from=<>",
     "accepted local <uid=33> id=17915A86643 uid=33"},
    {"local, requeued", S "postfix/pickup[7]: 17915A86643: uid=101 from=<web1> orig_id=3C5DEA86642",
     "nothing"},
    {"local, like requeued",
     S "postfix/pickup[7]: 17915A86643: uid=1000 from=<a> orig_id=3C5DEA86642>",
     "accepted local <uid=1000> id=17915A86643 uid=1000"},
    {"local, no uid", S "postfix/pickup[7]: 17915A86643: uid=x from=<web1>", "unknown"},
    {"not by cleanup", S "postfix/cleanup[7]: 17915A86643: uid=1000 from=<web1>", "nothing"},
    {"postdrop warning", S "postfix/postdrop[7]: warning: uid=0: File too large", "nothing"},
    {"recipients",
     S "postfix/qmgr[7]: 17915A86643: from=<a@b.example>, size=443, nrcpt=30 (queue active)",
     "recipients id=17915A86643 rcpts=30"},
    {"recipients, old manager",
     S "postfix/oqmgr[7]: 17915A86643: from=<>, size=4, nrcpt=1 (queue active)",
     "recipients id=17915A86643 rcpts=1"},
    {"recipients, forged in the sender",
     S "postfix/qmgr[7]: 17915A86643: from=<\"x>, size=1, nrcpt=900 (queue active)\"@b>, size=443, "
       "nrcpt=2 (queue active)",
     "recipients id=17915A86643 rcpts=2"},
    {"recipients too many",
     S "postfix/qmgr[7]: 17915A86643: from=<>, size=4, "
       "nrcpt=99999999999999999999 (queue active)",
     "unknown"},
    {"expired", S "postfix/qmgr[7]: 17915A86643: from=<a@b>, status=expired, returned to sender",
     "nothing"},
    {"removed", S "postfix/qmgr[7]: 17915A86643: removed", "nothing"},
    {"delivery",
     S "postfix/smtp[7]: 17915A86643: to=<a@b>, relay=h[192.0.2.1]:25, delay=1, "
       "delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 3C5DEA86642)",
     "nothing"},
    {"connect", S "postfix/smtpd[7]: connect from h.example[192.0.2.1]", "nothing"},
};

static const struct format_row failures[] = {
    {"failed (3.9)",
     S "postfix/smtpd[7]: warning: h.example[192.0.2.1]: SASL LOGIN authentication "
       "failed: (reason unavailable), sasl_username=admin",
     "failed sasl <admin>" GOT},
    {"failed, blank name",
     S "postfix/smtpd[7]: warning: h.example[192.0.2.1]: SASL LOGIN "
       "authentication failed: x, sasl_username=john doe",
     "failed sasl <john doe>" GOT},
    {"failed, no name",
     S "postfix/smtpd[7]: warning: h.example[192.0.2.1]: SASL LOGIN authentication "
       "failed: (reason unavailable), sasl_username=",
     "nothing"},
    {"failed, old",
     S "postfix/smtpd[7]: warning: h.example[192.0.2.1]: SASL LOGIN authentication "
       "failed: UGFzc3dvcmQ6",
     "nothing"},
    {"failed, repeated",
     S "postfix/smtpd[7]: message repeated 3 times: [ warning: h.example[192.0.2.1]: SASL LOGIN "
       "authentication failed: x, sasl_username=admin]",
     "failed sasl <admin>" GOT " x3"},
    {"reject (3.10)",
     S "postfix/smtpd[7]: NOQUEUE: reject: RCPT from h.example[192.0.2.1]: 554 5.7.1 "
       "<a@b>: Relay access denied; from=<c@d> to=<a@b> proto=ESMTP helo=<pc> "
       "sasl_method=PLAIN sasl_username=bob",
     "rejected sasl <bob>" GOT},
    {"reject with queue ID and sender",
     S "postfix/smtpd[7]: 17915A86643: reject: DATA from h.example[192.0.2.1]: 554 x; from=<c@d> "
       "to=<a@b> proto=ESMTP helo=<pc> sasl_method=PLAIN sasl_username=john doe sasl_sender=x@y",
     "rejected sasl <john doe> id=17915A86643" GOT},
    {"reject, not logged in",
     S "postfix/smtpd[7]: NOQUEUE: reject: RCPT from h.example[192.0.2.1]: 554 "
       "x; from=<c@d> to=<a@b> proto=ESMTP helo=<sasl_username=alice>",
     "nothing"},
    {"reject, HELO like a log-in",
     S "postfix/smtpd[7]: NOQUEUE: reject: RCPT from h.example[192.0.2.1]: 554 x; from=<c@d> "
       "to=<a@b> "
       "proto=ESMTP helo=<x> sasl_method=PLAIN sasl_username=victim>",
     "nothing"},
    {"reject_warning",
     S "postfix/smtpd[7]: NOQUEUE: reject_warning: RCPT from h.example[192.0.2.1]: x; "
       "helo=<pc> sasl_method=PLAIN sasl_username=bob",
     "nothing"},
    {"proxy-reject",
     S "postfix/smtpd[7]: proxy-reject: END-OF-MESSAGE: 554 5.7.0 spam; from=<a@b> "
       "to=<c@d> proto=ESMTP helo=<mx> sasl_username=<bob>",
     "rejected sasl <bob>"},
    {"proxy-accept",
     S "postfix/smtpd[7]: proxy-accept: END-OF-MESSAGE: 250 ok; from=<a@b> to=<c@d> "
       "proto=ESMTP helo=<mx> sasl_username=<bob>",
     "nothing"},
};

/* Lines and parts of lines that outsiders or other programs wrote. */
static const struct format_row forged[] = {
    {"HELO",
     S "postfix/smtpd[7]: NOQUEUE: reject: RCPT from h.example[192.0.2.1]: 554 x; from=<> to=<> "
       "proto=ESMTP helo=<AAAAAA: " A "victim>",
     "nothing"},
    {"baselines 5: failed log-in as a client",
     S "postfix/smtpd[7]: warning: h.example[192.0.2.1]: SASL LOGIN authentication failed: x, "
       "sasl_username=client=unknown[1], sasl_username=victim",
     "failed sasl <client=unknown[1], sasl_username=victim>" GOT},
    {"baselines 6: envelope sender",
     S "postfix/qmgr[7]: 17915A86643: from=<\"client=x[1.2.3.4], sasl_method=PLAIN, "
       "sasl_username=victim\"@y>, size=1, nrcpt=1 (queue active)",
     "recipients id=17915A86643 rcpts=1"},
    {"Message-ID",
     S "postfix/cleanup[7]: 17915A86643: message-id=<postfix/smtpd[1]: AAAAAA: " A "victim>",
     "nothing"},
    {"message-id without brackets", S "postfix/cleanup[7]: 17915A86643: message-id=" A "victim",
     "nothing"},
    {"another program", S "dovecot: lda(u): msgid=< postfix/smtpd[1]: AAAAAA: " A "victim>",
     "foreign"},
    {"another program's text", S "sshd[9]: AAAAAA: " A "victim", "foreign"},
    {"a tag that begins so", S "postfixes/smtpd[9]: AAAAAA: " A "victim", "foreign"},
    {"a tag that ends so", S "my/postfix/smtpd[9]: AAAAAA: " A "victim", "foreign"},
    {"another daemon", S "postfix/smtp[9]: AAAAAA: " A "victim", "nothing"},
    {"host in the tag's place", S "x y postfix/smtpd[9]: AAAAAA: " A "victim", "foreign"},
    {"no queue ID: word", S "postfix/smtpd[7]: fatal: " A "victim", "nothing"},
    {"no queue ID: vowels", S "postfix/smtpd[7]: 3p7RMT0aeiz20p: " A "victim", "nothing"},
    {"no queue ID: no inode", S "postfix/smtpd[7]: 3p7RMT0prYpz: " A "victim", "nothing"},
    {"no queue ID: too short", S "postfix/smtpd[7]: 4E3D: " A "victim", "nothing"},
    {"no queue ID: no blank", S "postfix/smtpd[7]: 17915A86643:" A "victim", "nothing"},
    {"client with a blank",
     S "postfix/smtpd[7]: 17915A86643: client=a b[192.0.2.1], sasl_username=v", "unknown"},
    {"client without address", S "postfix/smtpd[7]: 17915A86643: client=a[what], sasl_username=v",
     "unknown"},
    {"client without a bracket", S "postfix/smtpd[7]: 17915A86643: client=a, sasl_username=v",
     "unknown"},
    {"fold of nothing", S "postfix/smtpd[7]: message repeated 0 times: [ NOQUEUE: " A "alice]",
     "nothing"},
    {"fold without its end", S "postfix/smtpd[7]: message repeated 4 times: [ NOQUEUE: " A "alice",
     "nothing"},
    {"no stamp", "mx postfix/smtpd[7]: 3C5DEA86642: " A "alice", "foreign"},
};

int main(void)
{
    FORMAT_RUN("postfix", accepted);
    FORMAT_RUN("postfix", names);
    FORMAT_RUN("postfix", again);
    FORMAT_RUN("postfix", others);
    FORMAT_RUN("postfix", failures);
    FORMAT_RUN("postfix", forged);
    return test_end();
}
