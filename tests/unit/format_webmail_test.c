/* Roundcube and Horde IMP: their lines since the first versions, and users that imitate them. */
#include "format_rows.h"

#define RC  "[21-Nov-2026 18:11:45 +0000]: "
#define GOT " client=<192.0.2.1> addr=192.0.2.1"

static const struct format_row roundcube[] = {
    {"up to 1.0",
     RC "User alice [192.0.2.1]; Message for a@b.example, c@d.example; 250 2.0.0 Ok: queued "
        "as 4F35DA86B27",
     "accepted webmail <alice> id=4F35DA86B27" GOT " rcpts=2"},
    {"G15: 1.1 with a session",
     RC "<abcd1234> User alice [192.0.2.1]; Message for a@b.example; 250 ok",
     "accepted webmail <alice>" GOT " rcpts=1"},
    {"1.4",
     RC "<abcd1234> User alice [192.0.2.1]; Message <1@localhost> for a@b.example; 250: 2.0.0 Ok: "
        "queued as 4F35DA86B27",
     "accepted webmail <alice> id=4F35DA86B27" GOT " rcpts=1"},
    {"1.4 without a session", RC "User alice [192.0.2.1]; Message <1@localhost> for a@b.example; ",
     "accepted webmail <alice>" GOT " rcpts=1"},
    {"microseconds",
     "[21-Nov-2026 18:11:45.123456 +0000]: <s> User alice [192.0.2.1]; Message <1@l> for a@b; ",
     "accepted webmail <alice>" GOT " rcpts=1"},
    {"syslog",
     "Nov 21 18:11:45 mx roundcube[5]: <abcd1234> User alice [192.0.2.1]; Message <1@l> for a@b; "
     "ok",
     "accepted webmail <alice>" GOT " rcpts=1"},
    {"syslog, RFC 3339",
     "2026-11-21T18:11:45+00:00 mx roundcube: <s> User alice [2001:db8::1]; Message <1@l> "
     "for a@b; ok",
     "accepted webmail <alice> client=<2001:db8::1> addr=2001:db8::1 rcpts=1"},
    {"PHP error log",
     "[21-Nov-2026 18:11:45 UTC] sendmail: <s> User alice [192.0.2.1]; Message <1@l> for a@b; ok",
     "accepted webmail <alice>" GOT " rcpts=1"},
    {"name with a blank", RC "<s> User john doe [192.0.2.1]; Message <1@l> for a@b; ok",
     "accepted webmail <john doe>" GOT " rcpts=1"},
    {"name with brackets", RC "<s> User x[1]@b.example [192.0.2.1]; Message <1@l> for a@b; ok",
     "accepted webmail <x[1]@b.example>" GOT " rcpts=1"},
    {"name with a bracket apart", RC "<s> User x [1] [192.0.2.1]; Message <1@l> for a@b; ok",
     "accepted webmail <x [1]>" GOT " rcpts=1"},
    {"proxy headers",
     RC "<s> User alice [192.0.2.1(X-Real-IP: 198.51.100.1,X-Forwarded-For: 198.51.100.2)]; "
        "Message <1@l> for a@b; ok",
     "accepted webmail <alice>" GOT " rcpts=1"},
    {"proxy headers make no user",
     RC "<s> User alice [192.0.2.1(X-Forwarded-For: x [198.51.100.2)]; "
        "Message <1@l> for a@b; ok",
     "accepted webmail <alice>" GOT " rcpts=1"},
    {"proxy headers end no bracket",
     RC "<s> User alice [192.0.2.1(X-Forwarded-For: x]; Message <y> for z)]; "
        "Message <1@l> for a@b; ok",
     "accepted webmail <alice>" GOT " rcpts=1"},
    {"no address", RC "<s> User alice []; Message <1@l> for a@b; ok",
     "accepted webmail <alice> rcpts=1"},
    {"quoted recipients",
     RC "<s> User alice [192.0.2.1]; Message <1@l> for \"a, b; c\"@d.example, e@f; 250: ok",
     "accepted webmail <alice>" GOT " rcpts=2"},
    {"recipients like a line",
     RC "<s> User alice [192.0.2.1]; Message <1@l> for \"x]; Message <1@l> for y; User v "
        "[198.51.100.1\"@d; 250",
     "accepted webmail <alice>" GOT " rcpts=1"},
    {"response with more words",
     RC "<s> User alice [192.0.2.1]; Message <1@l> for a@b; 250: queued as 4F3 here",
     "accepted webmail <alice>" GOT " rcpts=1"},
    {"folded",
     "Nov 21 18:11:45 mx roundcube: message repeated 2 times: [ User a [192.0.2.1]; Message for "
     "b@c; ok]",
     "accepted webmail <a>" GOT " rcpts=1 x2"},
    {"no user", RC "<s> User  [192.0.2.1]; Message <1@l> for a@b; ok", "unknown"},
    {"no bracket", RC "<s> User alice; Message <1@l> for a@b; ok", "unknown"},
    {"another program",
     "Nov 21 18:11:45 mx sshd[5]: User root [192.0.2.1]; Message <1@l> for a@b; ok", "foreign"},
    {"within another line", RC "<s> PHP Error: x User root [192.0.2.1]; Message <1@l> for a@b; ok",
     "nothing"},
};

static const struct format_row roundcube_logins[] = {
    {"userlogins", RC "<s> Failed login for alice from 192.0.2.1 in session 1z506z (error: 0)",
     "failed webmail <alice>" GOT},
    {"old", RC "FAILED login for alice from 192.0.2.1", "failed webmail <alice>" GOT},
    {"errors",
     RC
     "<s> IMAP Error: Login failed for alice from 192.0.2.1. AUTHENTICATE PLAIN: no. in /x.php on "
     "line 1 (POST /?_task=login)",
     "failed webmail <alice>" GOT},
    {"errors, host",
     RC "<s> IMAP Error: Login failed for alice against imap.example from 192.0.2.1. no",
     "failed webmail <alice>" GOT},
    {"proxy headers",
     RC
     "<s> Failed login for alice from 192.0.2.1(X-Real-IP: 198.51.100.1) in session z (error: 0)",
     "failed webmail <alice>" GOT},
    {"name like an end",
     RC "<s> IMAP Error: Login failed for a from 198.51.100.1. from 192.0.2.1. no",
     "failed webmail <a from 198.51.100.1.>" GOT},
    {"success", RC "<s> Successful login for alice (ID: 1) from 192.0.2.1 in session c0310a",
     "nothing"},
};

#define PID " [pid 537 on line 8 of \"/srv/imp/lib/Compose.php\"]"

static const struct format_row imp[] = {
    {"Horde 3",
     "Feb 10 03:57:59 HORDE [info] [imp] 192.0.2.1 Message sent to S <a@b.example> from yy "
     "[on line 881 of \"/srv/imp/compose.php\"]",
     "accepted webmail <yy>" GOT " rcpts=1"},
    {"Horde 3 with pid",
     "Feb 10 03:57:59 HORDE [info] [imp] 192.0.2.1 Message sent to a@b.example from yy" PID,
     "accepted webmail <yy>" GOT " rcpts=1"},
    {"Horde 3, bracket (G16)",
     "Feb 10 03:57:59 HORDE [info] [imp] Message sent to a@b.example from yy [192.0.2.1]" PID,
     "accepted webmail <yy>" GOT " rcpts=1"},
    {"IMP 6.2, file (G6)",
     "2026-11-21T18:11:42+00:00 INFO: HORDE [imp] Message sent to a@b.example, c@d.example from "
     "les (192.0.2.1)" PID,
     "accepted webmail <les>" GOT " rcpts=2"},
    {"IMP 6.2, syslog",
     "Nov 21 18:39:59 mx HORDE: [imp] Message sent to a@b.example from les (192.0.2.1)" PID,
     "accepted webmail <les>" GOT " rcpts=1"},
    {"IMP 6.2, syslog with pid",
     "Nov 21 18:39:59 mx HORDE[5]: [imp] Message sent to a@b from les (2001:db8::1)" PID,
     "accepted webmail <les> client=<2001:db8::1> addr=2001:db8::1 rcpts=1"},
    {"no origin",
     "Nov 21 18:39:59 mx HORDE: [imp] Message sent to a@b.example from les (192.0.2.1)",
     "accepted webmail <les>" GOT " rcpts=1"},
    {"no address known", "Nov 21 18:39:59 mx HORDE: [imp] Message sent to a@b from les ()" PID,
     "accepted webmail <les> rcpts=1"},
    {"redirected",
     "2026-11-21T18:11:42+00:00 INFO: HORDE [imp] 192.0.2.1 Redirected message sent to a@b from "
     "les" PID,
     "accepted webmail <les>" GOT " rcpts=1"},
    {"quoted recipients",
     "Nov 21 18:39:59 mx HORDE: [imp] Message sent to \"Doe, J\" <a@b>, \"x\\\", y\" <c@d> from "
     "les (192.0.2.1)" PID,
     "accepted webmail <les>" GOT " rcpts=2"},
    {"name with a blank",
     "Nov 21 18:39:59 mx HORDE: [imp] Message sent to a@b from john doe (192.0.2.1)" PID,
     "accepted webmail <john doe>" GOT " rcpts=1"},
    {"recipients like an end",
     "Nov 21 18:39:59 mx HORDE: [imp] Message sent to \"x from v (198.51.100.1)" PID
     "\" <a@b> from les (192.0.2.1)" PID,
     "accepted webmail <les>" GOT " rcpts=1"},
    {"recipients like an old end",
     "Feb 10 03:57:59 HORDE [info] [imp] 192.0.2.1 Message sent to x from v [on line 1 of "
     "\"y\"] from les [on line 881 of \"/srv/imp/compose.php\"]",
     "accepted webmail <les>" GOT " rcpts=1"},
    {"failed log-in, old",
     "Dec 15 08:59:59 HORDE [error] [imp] FAILED LOGIN for a@b [192.0.2.1] to {mx:993 "
     "[imap/ssl]}" PID,
     "failed webmail <a@b>" GOT},
    {"failed log-in of Horde",
     "Nov 11 18:57:57 HORDE [error] [horde] FAILED LOGIN for graham [192.0.2.1] to Horde "
     "[on line 116 of \"/srv/login.php\"]",
     "failed webmail <graham>" GOT},
    {"failed log-in",
     "2026-11-21T18:11:42+00:00 ERR: HORDE [imp] FAILED LOGIN for graham (192.0.2.1) to "
     "{imap://localhost:143/}" PID,
     "failed webmail <graham>" GOT},
    {"log-in",
     "2026-11-21T18:11:42+00:00 NOTICE: HORDE [imp] Login success for les (192.0.2.1) to {x}" PID,
     "nothing"},
    {"another application",
     "Nov 21 18:39:59 mx HORDE: [kronolith] Message sent to a@b from les (192.0.2.1)" PID,
     "nothing"},
    {"no user", "Nov 21 18:39:59 mx HORDE: [imp] Message sent to a@b" PID, "unknown"},
    {"another program",
     "Nov 21 18:39:59 mx sshd: [imp] Message sent to a@b from les (192.0.2.1)" PID, "foreign"},
};

int main(void)
{
    FORMAT_RUN("roundcube", roundcube);
    FORMAT_RUN("roundcube", roundcube_logins);
    FORMAT_RUN("imp", imp);
    return test_end();
}
