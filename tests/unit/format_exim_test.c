/* Exim's main log under several log selectors, by syslog, and what clients write into it. */
#include "format_rows.h"

#define T    "2026-11-21 18:33:11 "
#define ID   "1xUptf-00004z-01 "
#define IN   T ID "<= s@b.example "
#define HOST "H=h.example (pc) [192.0.2.1]"
#define GOT  " id=1xUptf-00004z-01 client=<h.example (pc) [192.0.2.1]> name=h.example addr=192.0.2.1"
#define BARE " id=1xUptf-00004z-01 client=<[192.0.2.1]> addr=192.0.2.1"

static const struct format_row arrivals[] = {
    {"G18: authenticated",
     IN HOST " P=esmtpsa X=TLS1.3:ECDHE:256 CV=no A=plain_server:alice S=548 "
             "id=1@mx",
     "accepted sasl <alice>" GOT},
    {"dovecot authenticator", IN HOST " P=esmtpa A=dovecot_login:user@dom.example S=1",
     "accepted sasl <user@dom.example>" GOT},
    {"long message ID (4.97)",
     T "1x9hqp-000000076Qy-1Ug8 <= s@b.example " HOST " P=esmtpa A=p:alice S=1",
     "accepted sasl <alice> id=1x9hqp-000000076Qy-1Ug8 client=<h.example (pc) [192.0.2.1]> "
     "name=h.example addr=192.0.2.1"},
    {"pid", T "[591] " ID "<= s@b.example " HOST " P=esmtpa A=p:alice S=1",
     "accepted sasl <alice>" GOT},
    {"milliseconds, zone and pid",
     "2026-11-21 18:33:11.123 +0100 [591] " ID "<= s@b.example " HOST " P=esmtpa A=p:alice S=1",
     "accepted sasl <alice>" GOT},
    {"interface and ports", IN HOST ":49163 I=[192.0.2.10]:587 P=esmtpa A=p:alice S=1",
     "accepted sasl <alice>" GOT},
    {"all fields",
     IN "R=1xUptb-00008b-1l " HOST
        ":1 I=[192.0.2.10]:587 TFO* U=ident Ci=9 P=esmtpsa L- X=a:b:256 CV=no "
        "DN=\"/CN=\\\"x S=1\" SNI=mx A=p:alice PRDR PRX=192.0.2.2 K S=5 RT=0.1s M8S=0 Q=q id=\"a "
        "b\"@c T=\"a \\\" b\" from <\"s t\"@b.example> for a@b \"c d\"@e",
     "accepted sasl <alice>" GOT " rcpts=2"},
    {"verified by DNSSEC",
     IN "DS " HOST " P=esmtpsa L. X=a:b:256* CV=no A=p:alice S=5 DKIM=all ARC",
     "accepted sasl <alice>" GOT},
    {"old protocol name", IN HOST " P=asmtp A=p:alice S=5", "accepted sasl <alice>" GOT},
    {"recipients", IN HOST " P=esmtpa A=p:alice S=5 T=\"x\" from <s@b.example> for a@b c@d e@f",
     "accepted sasl <alice>" GOT " rcpts=3"},
    {"recipients without subject", IN HOST " P=esmtpa A=p:alice S=5 id=1@mx for a@b",
     "accepted sasl <alice>" GOT " rcpts=1"},
    {"blank in the id", IN HOST " P=esmtpa A=login_server:john doe S=5",
     "accepted sasl <john doe>" GOT},
    {"flag in the id", IN HOST " P=esmtpa A=login_server:john K smith S=5",
     "accepted sasl <john K smith>" GOT},
    {"equals sign in the id", IN HOST " P=esmtpa A=p:user=eq S=5", "accepted sasl <user=eq>" GOT},
    {"field in the id", IN HOST " P=esmtpa A=p:U=root S=5", "accepted sasl <U=root>" GOT},
    {"colon in the id", IN HOST " P=esmtpa A=p:a:b S=5", "accepted sasl <a:b>" GOT},
    {"AUTH= of the client", IN HOST " P=esmtpa A=p:alice:x9@y.example S=5",
     "accepted sasl <alice>" GOT},
    {"AUTH= beside an address", IN HOST " P=esmtpa A=p:a@b.example:x9@y.example S=5",
     "accepted sasl <a@b.example>" GOT},
    {"no id", IN HOST " P=esmtpa A=cert S=5", "accepted host <192.0.2.1>" GOT},
    {"name in parentheses is not verified", IN "H=(h.example) [192.0.2.1] P=esmtpa A=p:alice S=5",
     "accepted sasl <alice>" BARE},
    {"address literal as HELO", IN "H=([198.51.100.9]) [192.0.2.1] P=esmtpa A=p:alice S=5",
     "accepted sasl <alice>" BARE},
    {"no HELO", IN "H=[192.0.2.1] P=esmtpa A=p:alice S=5", "accepted sasl <alice>" BARE},
    {"host and address", IN "H=h.example [2001:db8::1]:5 P=esmtpa A=p:alice S=5",
     "accepted sasl <alice> id=1xUptf-00004z-01 client=<h.example [2001:db8::1]> name=h.example "
     "addr=2001:db8::1"},
    {"host", IN HOST " P=esmtp S=5 id=1@mx", "accepted host <192.0.2.1>" GOT},
    {"local", IN "U=web1 P=local S=333", "accepted local <web1> id=1xUptf-00004z-01"},
    {"local by SMTP", IN "U=web1 P=local-esmtp S=333", "accepted local <web1> id=1xUptf-00004z-01"},
    {"local, batch", IN "U=web1 P=local-bsmtp S=333 T=\"x\" from <a@b> for c@d e@f",
     "accepted local <web1> id=1xUptf-00004z-01 rcpts=2"},
    {"G18: bounce", T ID "<= <> R=1xUptk-00008b-1l U=Debian-exim P=local S=1871", "nothing"},
    {"null sender of a host", T ID "<= <> H=(pc) [192.0.2.1] P=esmtp S=405", "nothing"},
    {"null sender, authenticated", T ID "<= <> " HOST " P=esmtpa A=p:alice S=405", "nothing"},
};

static const struct format_row syslogs[] = {
    {"no date", "Nov 21 18:33:11 mx exim[7]: " ID "<= s@b.example " HOST " P=esmtpa A=p:alice S=1",
     "accepted sasl <alice>" GOT},
    {"date inside",
     "Nov 21 18:33:11 mx exim[7]: 2026-11-21 18:33:11 " ID "<= s@b.example " HOST
     " P=esmtpa A=p:alice S=1",
     "accepted sasl <alice>" GOT},
    {"date, fraction, zone and pid inside",
     "2026-11-21T18:33:11+01:00 mx exim4[7]: 2026-11-21 18:33:11.001 +0100 [7] " ID
     "<= s@b.example " HOST " P=esmtpa A=p:alice S=1",
     "accepted sasl <alice>" GOT},
    {"first part",
     "Nov 21 18:33:11 mx exim[7]: [1/2] " ID "<= s@b.example " HOST
     " P=esmtpa A=p:alice S=1 T=\"long",
     "accepted sasl <alice>" GOT},
    {"first part, recipients cut",
     "Nov 21 18:33:11 mx exim[7]: [1\\2] " ID "<= s@b.example " HOST
     " P=esmtpa A=p:alice S=1 T=\"x\" from <a@b> for a@b c@",
     "accepted sasl <alice>" GOT},
    {"first part without the id",
     "Nov 21 18:33:11 mx exim[7]: [1/2] " ID "<= s@b.example " HOST " P=esmtpa", "unknown"},
    {"later part is any text",
     "Nov 21 18:33:11 mx exim[7]: [2/2] " ID "<= s@b.example " HOST " P=esmtpa A=p:victim S=1",
     "nothing"},
    {"folded",
     "Nov 21 18:33:11 mx exim[7]: message repeated 2 times: [ " ID "<= s@b.example U=web1 "
     "P=local S=1]",
     "accepted local <web1> id=1xUptf-00004z-01 x2"},
    {"another program", "Nov 21 18:33:11 mx sshd[7]: " ID "<= s@b.example U=root P=local S=1",
     "foreign"},
};

static const struct format_row others[] = {
    {"delivery", T ID "=> a@b.example R=r T=t H=h [192.0.2.1] C=\"250 ok\"",
     "delivered id=1xUptf-00004z-01 rcpts=1"},
    {"one more", T ID "-> a@b.example R=r T=t", "delivered id=1xUptf-00004z-01 rcpts=1"},
    {"failed", T ID "** a@b.example R=r T=t: 550 no", "delivered id=1xUptf-00004z-01 rcpts=1"},
    {"deferred", T ID "== a@b.example R=r T=t defer (111): Connection refused", "nothing"},
    {"suppressed", T ID "*> a@b.example", "nothing"},
    {"completed", T ID "Completed", "nothing"},
    {"failed log-in",
     T "plain_server authenticator failed for h.example (pc) [192.0.2.1]:5 "
       "I=[192.0.2.10]:587: 535 Incorrect authentication data (set_id=alice)",
     "failed sasl <alice> client=<h.example (pc) [192.0.2.1]> name=h.example addr=192.0.2.1"},
    {"failed log-in, pid",
     T "[669] login authenticator failed for ([198.51.100.1]) [192.0.2.1]: 535 "
       "Incorrect authentication data (set_id=a P=esmtpa A=p:b)",
     "failed sasl <a P=esmtpa A=p:b> client=<[192.0.2.1]> addr=192.0.2.1"},
    {"failed log-in by syslog",
     "Nov 21 18:33:11 mx exim[7]: login authenticator failed for (U) "
     "[192.0.2.1] Ci=4: 535 x (set_id=a@b)",
     "failed sasl <a@b> client=<[192.0.2.1]> addr=192.0.2.1"},
    {"failed log-in without a name", T "login authenticator failed for (pc) [192.0.2.1]: 535 x",
     "nothing"},
    {"reject",
     T HOST ":4 I=[192.0.2.10]:587 X=a:b:c CV=no F=<\"a b\"@c> A=p:alice rejected RCPT <x@y>",
     "rejected sasl <alice> client=<h.example (pc) [192.0.2.1]> name=h.example addr=192.0.2.1"},
    {"reject, blank in the id",
     T HOST " F=<a@c> A=p:john doe temporarily rejected RCPT <x@y>: later",
     "rejected sasl <john doe> client=<h.example (pc) [192.0.2.1]> name=h.example addr=192.0.2.1"},
    {"reject after DATA", T ID HOST " F=<a@c> P=esmtpa A=p:alice rejected after DATA: spam",
     "rejected sasl <alice>" GOT},
    {"reject, not logged in", T HOST " F=<a@c> rejected RCPT <x@y>: relay not permitted",
     "nothing"},
    {"reject of a HELO name with fields",
     T "H=(x) [192.0.2.7] P=esmtpa A=p:alice () [192.0.2.1] F=<a@c> rejected RCPT <x@y>: no",
     "nothing"},
    {"reject of a local user", T "U=web1 F=<w@x> rejected RCPT <x@y>: relay not permitted",
     "nothing"},
    {"rejected HELO",
     T "rejected EHLO from h.example [192.0.2.1]: syntactically invalid argument(s): U=root",
     "nothing"},
    {"cwd", T "cwd=/home/u/public_html 4 args: /usr/sbin/sendmail -t -i <= x", "nothing"},
};

static const struct format_row forged[] = {
    {"G18: ident is a claim", IN "H=(pc) [192.0.2.1] U=victim P=esmtp S=5",
     "accepted host <192.0.2.1>" BARE},
    {"G18: subject", IN HOST " P=esmtp S=5 T=\"A=plain_server:victim U=root P=local <= x\"",
     "accepted host <192.0.2.1>" GOT},
    {"subject with quotes", IN HOST " P=esmtp S=5 T=\"x\\\" A=p:victim \\\"\" from <s@b> for a@b",
     "accepted host <192.0.2.1>" GOT " rcpts=1"},
    {"envelope sender", T ID "<= \"U=root P=local <= x\"@b.example " HOST " P=esmtp S=5",
     "accepted host <192.0.2.1>" GOT},
    {"envelope sender with a backslash", T ID "<= a\\ U=root@b.example " HOST " P=esmtp S=5",
     "accepted host <192.0.2.1>" GOT},
    {"HELO", IN "H=(U=root) [192.0.2.1] P=esmtp S=5", "accepted host <192.0.2.1>" BARE},
    {"HELO with a bracket", IN "H=(x) [198.51.100.9] y) [192.0.2.1] P=esmtp S=5",
     "accepted host <192.0.2.1>" BARE},
    {"HELO with fields",
     IN "H=(x) [198.51.100.9] P=local U=root S=1) [192.0.2.1] P=esmtp S=5 id=1@mx",
     "accepted host <192.0.2.1>" BARE},
    {"HELO with a log-in", IN "H=(x) [198.51.100.9] P=esmtpa A=p:victim) [192.0.2.1] P=esmtp S=5",
     "accepted host <192.0.2.1>" BARE},
    {"HELO with an open string",
     IN "H=(x) [198.51.100.9] P=esmtpa A=p:victim S=1 T=\") [192.0.2.1] P=esmtp S=5 id=1@mx",
     "accepted host <192.0.2.1>" BARE},
    {"Message-ID", IN HOST " P=esmtp S=5 id=\"x) [198.51.100.9] P=esmtpa A=p:victim S=1 \"@y",
     "accepted host <192.0.2.1>" GOT},
    {"client certificate", IN HOST " P=esmtps X=a CV=yes DN=\"/CN=x\" A=p:victim\" S=5",
     "accepted host <192.0.2.1>" GOT},
    {"client certificate of another user",
     IN HOST " P=esmtpsa X=a CV=yes DN=\"/CN=x\" A=p:victim\" A=p:alice S=5",
     "accepted sasl <alice>" GOT},
    {"client certificate with a quote", IN HOST " P=esmtpsa X=a DN=\"/CN=\"x\"\" A=p:alice S=5",
     "accepted sasl <alice>" GOT},
    {"ident with a log-in", IN "H=(pc) [192.0.2.1] U=x P=esmtpa A=p:victim P=esmtp S=5",
     "accepted host <192.0.2.1>" BARE},
    {"a second host", IN "U=x H=[192.0.2.1] P=local S=5", "unknown"},
    {"delivery response", T ID "=> a@b R=r T=t C=\"250 " ID "<= U=root P=local\"",
     "delivered id=1xUptf-00004z-01 rcpts=1"},
    {"no arrow at its place", T ID "x <= s@b U=root P=local S=1", "nothing"},
    {"no message ID", T "<= s@b U=root P=local S=1", "nothing"},
    {"message ID too long", T "1xUptf-00004z-012 <= s@b U=root P=local S=1", "nothing"},
    {"local without local", IN "U=root P=esmtp S=1", "unknown"},
    {"nobody", IN "P=local S=1", "unknown"},
    {"words", IN HOST " P=esmtp S=5 what is this", "unknown"},
    {"string without an end", IN HOST " P=esmtp S=5 T=\"x", "unknown"},
};

int main(void)
{
    FORMAT_RUN("exim", arrivals);
    FORMAT_RUN("exim", syslogs);
    FORMAT_RUN("exim", others);
    FORMAT_RUN("exim", forged);
    return test_end();
}
