/* mail_log_gen - writes a mail log whose answers are known. (ctest label: threads)
 *
 *     mail_log_gen -f postfix -s 100M -p 604800 -e 1795284000 -t truth.tsv >mail.log
 *
 * A few dozen sessions are open at a time and write their lines in turn, as on a real
 * server: people who send, stolen accounts sent from by a botnet, failed log-ins, incoming
 * mail, rejects, local mail, and texts under a stranger's control that imitate an accepted
 * message of somebody. The clock moves with the bytes written, so the log covers its span
 * evenly and in order. The same arguments give the same bytes (stamps follow TZ).
 *
 * Truth, one line a sender of the last -w seconds, tab-separated:
 *     kind sender messages recipients addresses unknown failed
 * where the formats say so much; failed are failed log-ins and rejects of the authenticated. No
 * line has the very second where that window begins, so both readings of "the last hour" give the
 * same answer.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define OPEN_SESSIONS 48
#define SERVER        "mx"

struct client {
    char text[112]; /* name[address] */
    char name[64];
    char addr[44];
    bool unknown;
    bool used; /* in the window, by its user */
};

struct user {
    char name[48];
    struct client *clients;
    unsigned client_count;
    unsigned long messages, recipients, failed; /* in the window */
};

struct session {
    const struct play *play;
    unsigned step, pid, nrcpt, delivered;
    struct user *user; /* NULL = nobody */
    struct client *client;
    bool counted; /* its message was accepted in the window */
    char id[24];
};

/* A play is what one kind of session writes, line by line; a step that answers false is
 * called again for its next line. */
typedef bool step_fn(struct session *s);
struct play {
    unsigned weight; /* how often, in a thousand */
    bool has_user;   /* somebody who sends */
    step_fn *steps[10];
};

struct format {
    const char *name;
    const char *kind; /* of the senders in the truth */
    const struct play *plays;
    void (*stamp)(time_t now, char *out, size_t size);
    bool has_addresses, has_recipients, has_names;
};

static const struct format *format;
static bool journal;
static uint64_t wanted = 10000000, written, seed = 1;
static time_t span = 3600, end, window = 3600, now;
static unsigned user_count = 500, bot_count = 3, bot_addresses = 120, user_addresses = 4;
static struct user *users, **bots;
static struct client *strangers;
static unsigned stranger_count = 2000;
static char stamp_text[64];
static unsigned now_us;

static uint64_t draw(void)
{
    seed += 0x9e3779b97f4a7c15u;
    uint64_t z = seed;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static unsigned below(unsigned limit)
{
    return (unsigned)((draw() >> 32) * limit >> 32);
}

/* Small numbers often, big ones rarely. */
static unsigned below_skewed(unsigned limit)
{
    double r = (double)(draw() >> 11) / 9007199254740992.0;
    return (unsigned)(r * r * r * limit);
}

static void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    if (!memory) {
        perror("mail_log_gen");
        exit(1);
    }
    return memory;
}

/* ---- people and addresses ---- */

/* Every call gives another address: an odd multiplier permutes 32 bits. */
static void next_address(char *out, size_t size, bool v6)
{
    static uint32_t counter;
    uint32_t bits;
    unsigned first;
    do {
        bits = ++counter * 2654435761u;
        first = bits >> 24;
    } while (first == 0 || first == 10 || first == 127 || first == 169 || first == 172 ||
             first == 192 || first >= 224);
    if (v6)
        snprintf(out, size, "2001:db8:%x:%x::%x", bits >> 16, bits & 0xffff, 1 + below(9));
    else
        snprintf(out, size, "%u.%u.%u.%u", first, bits >> 16 & 255, bits >> 8 & 255, bits & 255);
}

static void client_make(struct client *c, unsigned unknown_percent, unsigned v6_percent)
{
    static const char *const providers[] = {"isp-north.example", "telco.example", "cable.example",
                                            "mobile-net.example", "fibre-south.example"};
    static const char *const kinds[] = {"dsl", "pool", "dyn", "cust"};
    next_address(c->addr, sizeof c->addr, below(100) < v6_percent);
    c->unknown = below(100) < unknown_percent;
    if (c->unknown)
        snprintf(c->name, sizeof c->name, "unknown");
    else
        snprintf(c->name, sizeof c->name, "h%08x.%s.%s", (unsigned)draw(), kinds[below(4)],
                 providers[below(5)]);
    snprintf(c->text, sizeof c->text, "%s[%s]", c->name, c->addr);
}

static struct client *clients_make(unsigned count, unsigned unknown_percent, unsigned v6_percent)
{
    struct client *clients = allocate(count, sizeof *clients);
    for (unsigned i = 0; i < count; i++)
        client_make(&clients[i], unknown_percent, v6_percent);
    return clients;
}

static void people_make(void)
{
    static const char *const names[] = {"anna", "ben",  "clara", "david", "eva",  "frank",
                                        "gina", "hugo", "ines",  "jan",   "karl", "lena"};
    users = allocate(user_count, sizeof *users);
    bots = allocate(bot_count + 1, sizeof *bots);
    for (unsigned i = 0; i < user_count; i++) {
        struct user *u = &users[i];
        bool is_script = strcmp(format->kind, "script") == 0;
        const char *shape = is_script       ? "/home/%s%u/public_html/index.php"
                            : below(2) == 0 ? "%s.%u@example.net"
                                            : "%s%u";
        snprintf(u->name, sizeof u->name, shape, names[i % 12], i);
        u->client_count = 1 + below(user_addresses);
        u->clients = clients_make(u->client_count, 15, 20);
    }
    for (unsigned i = 0; i < bot_count && i < user_count; i++) {
        bots[i] = &users[user_count - 1 - i * (user_count / (bot_count + 1))];
        free(bots[i]->clients);
        bots[i]->client_count = bot_addresses;
        bots[i]->clients = clients_make(bot_addresses, 45, 10);
    }
    strangers = clients_make(stranger_count, 40, 10);
}

static void people_free(void)
{
    for (unsigned i = 0; i < user_count; i++)
        free(users[i].clients);
    free(users);
    free(bots);
    free(strangers);
}

/* ---- stamps ---- */

static void stamp_traditional(time_t t, char *out, size_t size)
{
    struct tm tm;
    strftime(out, size, "%b %e %H:%M:%S", localtime_r(&t, &tm));
}

static void stamp_rfc3339(time_t t, char *out, size_t size)
{
    struct tm tm;
    char date[32], zone[8];
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", localtime_r(&t, &tm));
    strftime(zone, sizeof zone, "%z", &tm);
    snprintf(out, size, "%s.%06u%.3s:%s", date, now_us, zone, zone + 3);
}

static void stamp_horde(time_t t, char *out, size_t size)
{
    struct tm tm;
    char date[32], zone[8];
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", localtime_r(&t, &tm));
    strftime(zone, sizeof zone, "%z", &tm);
    snprintf(out, size, "%s%.3s:%s", date, zone, zone + 3);
}

static void stamp_exim(time_t t, char *out, size_t size)
{
    struct tm tm;
    strftime(out, size, "%Y-%m-%d %H:%M:%S", localtime_r(&t, &tm));
}

static void stamp_roundcube(time_t t, char *out, size_t size)
{
    struct tm tm;
    strftime(out, size, "[%d-%b-%Y %H:%M:%S %z]:", localtime_r(&t, &tm));
}

static void stamp_php(time_t t, char *out, size_t size)
{
    struct tm tm;
    strftime(out, size, "[%d-%b-%Y %H:%M:%S UTC]", gmtime_r(&t, &tm));
}

/* ---- lines ---- */

static bool in_window(void)
{
    return now > end - window && now <= end;
}

/* The last line is a second before the end, so that fractions do not matter there either. */
static void clock_move(void)
{
    double passed = written < wanted ? (double)written / (double)wanted * (double)span : 0;
    time_t then = now;
    now = written < wanted ? end - span + (time_t)passed : end - 1;
    now_us = written < wanted ? (unsigned)((passed - (double)(time_t)passed) * 1e6) : 999999;
    if (now == end - window) {
        now++;
        now_us = 0;
    }
    if (now != then || format->stamp == stamp_rfc3339)
        format->stamp(now, stamp_text, sizeof stamp_text);
}

__attribute__((format(printf, 1, 2))) static void put(const char *shape, ...)
{
    va_list args;
    va_start(args, shape);
    int n = vfprintf(stdout, shape, args);
    va_end(args);
    written += n > 0 ? (uint64_t)n : 0;
}

/* What stands before a program's text, in the form asked for. */
static void put_tag(const char *tag, unsigned pid)
{
    static uint64_t sequence;
    if (!journal) {
        put("%s " SERVER " %s[%u]: ", stamp_text, tag, pid);
        return;
    }
    const char *program = strrchr(tag, '/');
    sequence++;
    put("__REALTIME_TIMESTAMP=%lld%06u\n__MONOTONIC_TIMESTAMP=%llu\n"
        "_BOOT_ID=0123456789abcdef0123456789abcdef\nPRIORITY=6\n_UID=101\n_HOSTNAME=" SERVER "\n"
        "_MACHINE_ID=fedcba9876543210fedcba9876543210\n"
        "_EXE=/usr/lib/postfix/sbin/%s\n_SYSTEMD_UNIT=postfix@-.service\n_TRANSPORT=syslog\n"
        "SYSLOG_IDENTIFIER=%s\nSYSLOG_PID=%u\n_PID=%u\nMESSAGE=",
        (long long)now, now_us, (unsigned long long)sequence, program ? program + 1 : tag, tag, pid,
        pid);
}

static bool line_end(void)
{
    put(journal ? "\n\n" : "\n");
    return true;
}

static const char *victim(void)
{
    return users[below(user_count)].name;
}

/* A message of the session's user is accepted now. */
static void count_accepted(struct session *s, bool has_recipients)
{
    s->counted = in_window();
    if (!s->counted)
        return;
    s->user->messages++;
    s->client->used = true;
    if (has_recipients)
        s->user->recipients += s->nrcpt;
}

/* ---- Postfix ---- */

static bool pf_connect(struct session *s)
{
    put_tag(s->user ? "postfix/submission/smtpd" : "postfix/smtpd", s->pid);
    put("connect from %s", s->client->text);
    return line_end();
}

static bool pf_tls(struct session *s)
{
    put_tag("postfix/submission/smtpd", s->pid);
    put("Anonymous TLS connection established from %s: TLSv1.3 with cipher "
        "TLS_AES_256_GCM_SHA384 (256/256 bits) key-exchange X25519 server-signature RSA-PSS (2048 "
        "bits) server-digest SHA256",
        s->client->text);
    return line_end();
}

static bool pf_accept(struct session *s)
{
    put_tag("postfix/submission/smtpd", s->pid);
    put("%s: client=%s, sasl_method=PLAIN, sasl_username=%s", s->id, s->client->text,
        s->user->name);
    count_accepted(s, false);
    return line_end();
}

static bool pf_accept_stranger(struct session *s)
{
    put_tag("postfix/smtpd", s->pid);
    put("%s: client=%s", s->id, s->client->text);
    return line_end();
}

static bool pf_pickup(struct session *s)
{
    put_tag("postfix/pickup", 911);
    put("%s: uid=33 from=<www-data>", s->id);
    return line_end();
}

static bool pf_message_id(struct session *s)
{
    put_tag("postfix/cleanup", s->pid + 1);
    if (!s->user && below(20) == 0)
        put("%s: message-id=<client=x[192.0.2.9], sasl_method=PLAIN, sasl_username=%s>", s->id,
            victim());
    else
        put("%s: message-id=<%08x.%u@mail.example.org>", s->id, (unsigned)draw(), s->pid);
    return line_end();
}

static bool pf_queued(struct session *s)
{
    put_tag("postfix/qmgr", 1412);
    if (!s->user && below(20) == 0)
        put("%s: from=<\"%s: client=x[192.0.2.9], sasl_method=PLAIN, "
            "sasl_username=%s\"@example.org>",
            s->id, s->id, victim());
    else
        put("%s: from=<sender%u@example.net>", s->id, s->pid);
    put(", size=%u, nrcpt=%u (queue active)", 400 + below(60000), s->nrcpt);
    if (s->counted)
        s->user->recipients += s->nrcpt;
    return line_end();
}

static bool pf_delivered(struct session *s)
{
    put_tag(s->user ? "postfix/smtp" : "postfix/lmtp", s->pid + 2);
    put("%s: to=<u%u@firm%u.example>, relay=mx.firm%u.example[198.51.100.%u]:25, delay=%u.%u, "
        "delays=0.1/0.01/0.4/0.9, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as %08X)",
        s->id, below(1000), below(400), below(400), below(256), below(9), below(10),
        (unsigned)draw());
    line_end();
    return ++s->delivered >= s->nrcpt;
}

static bool pf_removed(struct session *s)
{
    put_tag("postfix/qmgr", 1412);
    put("%s: removed", s->id);
    return line_end();
}

static bool pf_disconnect(struct session *s)
{
    put_tag(s->user ? "postfix/submission/smtpd" : "postfix/smtpd", s->pid);
    put("disconnect from %s ehlo=2 starttls=1 auth=1 mail=1 rcpt=%u data=1 quit=1 commands=%u",
        s->client->text, s->nrcpt, s->nrcpt + 6);
    return line_end();
}

static bool pf_failed(struct session *s)
{
    struct user *claimed = &users[below(user_count)];
    put_tag("postfix/submission/smtpd", s->pid);
    put("warning: %s: SASL LOGIN authentication failed: UGFzc3dvcmQ6, sasl_username=%s",
        s->client->text, claimed->name);
    if (in_window())
        claimed->failed++;
    return line_end();
}

static bool pf_lost(struct session *s)
{
    put_tag("postfix/submission/smtpd", s->pid);
    put("lost connection after AUTH from %s", s->client->text);
    return line_end();
}

static bool pf_reject(struct session *s)
{
    put_tag("postfix/smtpd", s->pid);
    put("NOQUEUE: reject: RCPT from %s: 554 5.7.1 <u@firm%u.example>: Relay access denied; "
        "from=<x@spam.example> to=<u@firm1.example> proto=ESMTP helo=<sasl_username=%s>",
        s->client->text, below(400), victim());
    if (below(3) == 0) {
        struct user *refused = &users[below(user_count)];
        put(" sasl_method=PLAIN sasl_username=%s", refused->name);
        refused->failed += in_window();
    }
    return line_end();
}

static bool imap_login(struct session *s)
{
    put_tag("dovecot", 640);
    put("imap-login: Login: user=<%s>, method=PLAIN, rip=%s, lip=192.0.2.10, mpid=%u, TLS, "
        "session=<%08x>",
        victim(), s->client->addr, s->pid, (unsigned)draw());
    return line_end();
}

static const struct play postfix_plays[] = {
    {600,
     true,
     {pf_connect, pf_tls, pf_accept, pf_message_id, pf_queued, pf_delivered, pf_removed,
      pf_disconnect}},
    {130,
     false,
     {pf_connect, pf_accept_stranger, pf_message_id, pf_queued, pf_delivered, pf_removed,
      pf_disconnect}},
    {20, false, {pf_connect, pf_failed, pf_lost, pf_disconnect}},
    {60, false, {pf_connect, pf_reject, pf_disconnect}},
    {10, false, {pf_pickup, pf_message_id, pf_queued, pf_delivered, pf_removed}},
    {180, false, {imap_login}},
    {0, false, {NULL}}};

/* ---- Exim ---- */

static bool ex_recipients(struct session *s)
{
    put(" for");
    for (unsigned i = 0; i < s->nrcpt; i++)
        put(" u%u@firm%u.example", below(1000), below(400));
    return line_end();
}

static void ex_host(const struct client *c)
{
    if (c->unknown)
        put("H=([192.168.%u.%u]) [%s]:%u", below(9), below(250), c->addr, 1024 + below(60000));
    else
        put("H=%s (laptop) [%s]:%u", c->name, c->addr, 1024 + below(60000));
}

static bool ex_accept(struct session *s)
{
    put("%s %s <= sender%u@example.net ", stamp_text, s->id, s->pid);
    ex_host(s->client);
    put(" P=esmtpsa X=TLS1.3:ECDHE_X25519__RSA_PSS_RSAE_SHA256__AES_256_GCM:256 CV=no "
        "A=plain_server:%s S=%u id=%08x@mail.example.org T=\"offer %u\"",
        s->user->name, 400 + below(60000), (unsigned)draw(), below(1000));
    count_accepted(s, true);
    return ex_recipients(s);
}

static bool ex_accept_stranger(struct session *s)
{
    put("%s %s <= x@spam.example ", stamp_text, s->id);
    ex_host(s->client);
    put(" P=esmtp S=%u id=%08x@spam.example T=\"<= y@example.net A=plain_server:%s S=1\"",
        400 + below(60000), (unsigned)draw(), victim());
    return ex_recipients(s);
}

static bool ex_delivered(struct session *s)
{
    put("%s %s => u%u@firm%u.example R=dnslookup T=remote_smtp H=mx.firm.example "
        "[198.51.100.%u] X=TLS1.3:ECDHE_X25519__RSA_PSS_RSAE_SHA256__AES_256_GCM:256 CV=yes "
        "C=\"250 2.0.0 Ok: queued as %08X\"",
        stamp_text, s->id, below(1000), below(400), below(256), (unsigned)draw());
    line_end();
    return ++s->delivered >= s->nrcpt;
}

static bool ex_completed(struct session *s)
{
    put("%s %s Completed", stamp_text, s->id);
    return line_end();
}

static bool ex_bounce(struct session *s)
{
    put("%s %s <= <> R=%s U=Debian-exim P=local S=%u T=\"Mail delivery failed\" for u@example.net",
        stamp_text, s->id, s->id, 400 + below(9000));
    return line_end();
}

static bool ex_failed(struct session *s)
{
    struct user *claimed = &users[below(user_count)];
    put("%s plain_server authenticator failed for ", stamp_text);
    ex_host(s->client);
    put(": 535 Incorrect authentication data (set_id=%s)", claimed->name);
    if (in_window())
        claimed->failed++;
    return line_end();
}

static bool ex_reject(struct session *s)
{
    put("%s ", stamp_text);
    ex_host(s->client);
    put(" F=<x@spam.example> rejected RCPT <u%u@example.net>: relay not permitted", below(1000));
    return line_end();
}

static const struct play exim_plays[] = {
    {500, true, {ex_accept, ex_delivered, ex_completed}},
    {250, false, {ex_accept_stranger, ex_delivered, ex_completed}},
    {30, false, {ex_bounce, ex_completed}},
    {40, false, {ex_failed}},
    {180, false, {ex_reject}},
    {0, false, {NULL}}};

/* ---- webmail and scripts ---- */

static void put_recipients(unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        put("%su%u@firm%u.example", i > 0 ? ", " : "", below(1000), below(400));
}

static bool rc_sent(struct session *s)
{
    put("%s <%08x> User %s [%s]; Message <%08x%08x@example.net> for ", stamp_text, (unsigned)draw(),
        s->user->name, s->client->addr, (unsigned)draw(), (unsigned)draw());
    put_recipients(s->nrcpt);
    put("; 250: 2.0.0 Ok: queued as %s", s->id);
    count_accepted(s, true);
    return line_end();
}

static const struct play roundcube_plays[] = {{1000, true, {rc_sent}}, {0, false, {NULL}}};

static bool imp_sent(struct session *s)
{
    put("%s INFO: HORDE [imp] Message sent to ", stamp_text);
    put_recipients(s->nrcpt);
    put(" from %s (%s) [pid %u on line 970 of \"/usr/share/horde/imp/lib/Compose.php\"]",
        s->user->name, s->client->addr, s->pid);
    count_accepted(s, true);
    return line_end();
}

static bool imp_login(struct session *s)
{
    put("%s NOTICE: HORDE [imp] Login success for %s (%s) to {localhost:143 [imap/notls]} "
        "[pid %u on line 157 of \"/usr/share/horde/imp/lib/Auth.php\"]",
        stamp_text, victim(), s->client->addr, s->pid);
    return line_end();
}

static const struct play imp_plays[] = {
    {500, true, {imp_sent}}, {500, false, {imp_login}}, {0, false, {NULL}}};

static bool php_sent(struct session *s)
{
    put("%s mail() on [%s:%u]: To: u%u@firm%u.example -- Headers: From: me@example.net  X-Mailer: "
        "PHP/8.2 MIME-Version: 1.0 -- Subject: =?UTF-8?B?%08x%08x?=",
        stamp_text, s->user->name, 1 + below(900), below(1000), below(400), (unsigned)draw(),
        (unsigned)draw());
    count_accepted(s, false);
    return line_end();
}

static const struct play php_plays[] = {{1000, true, {php_sent}}, {0, false, {NULL}}};

static const struct format formats[] = {
    {"postfix", "sasl", postfix_plays, stamp_traditional, true, true, true},
    {"postfix-rfc3339", "sasl", postfix_plays, stamp_rfc3339, true, true, true},
    {"postfix-journal", "sasl", postfix_plays, stamp_traditional, true, true, true},
    {"exim", "sasl", exim_plays, stamp_exim, true, true, true},
    {"roundcube", "webmail", roundcube_plays, stamp_roundcube, true, true, false},
    {"imp", "webmail", imp_plays, stamp_horde, true, true, false},
    {"php", "script", php_plays, stamp_php, false, false, false}};

/* ---- the stage ---- */

static const struct play *play_choose(void)
{
    unsigned number = below(1000);
    const struct play *play = format->plays;
    while (number >= play->weight && play[1].weight > 0) {
        number -= play->weight;
        play++;
    }
    return play;
}

/* Postfix's short queue IDs, Exim's of 6-6-2. */
static void id_make(char *out, size_t size)
{
    uint64_t number = draw();
    if (strcmp(format->name, "exim") == 0)
        snprintf(out, size, "1x%04X-00%04X-%02X", (unsigned)(number & 0xffff),
                 (unsigned)(number >> 16 & 0xffff), (unsigned)(number >> 32 & 0xff));
    else
        snprintf(out, size, "%010" PRIX64, number >> 24);
}

static void session_open(struct session *s)
{
    memset(s, 0, sizeof *s);
    s->play = play_choose();
    s->pid = 1000 + below(90000);
    s->nrcpt = 1 + below_skewed(6);
    id_make(s->id, sizeof s->id);
    if (!s->play->has_user) {
        s->client = &strangers[below(stranger_count)];
        return;
    }
    bool is_bot = bot_count > 0 && now > end - 2 * window && below(10) == 0;
    s->user = is_bot ? bots[below(bot_count)] : &users[below_skewed(user_count)];
    s->client = &s->user->clients[below(s->user->client_count)];
}

/* Writes the session's next line; false when that was its last. */
static bool session_play(struct session *s)
{
    clock_move();
    if (s->play->steps[s->step](s))
        s->step++;
    return s->play->steps[s->step] != NULL;
}

static void play_all(void)
{
    struct session sessions[OPEN_SESSIONS];
    clock_move();
    for (unsigned i = 0; i < OPEN_SESSIONS; i++)
        session_open(&sessions[i]);
    while (written < wanted) {
        struct session *s = &sessions[below(OPEN_SESSIONS)];
        if (!session_play(s))
            session_open(s);
    }
    for (unsigned i = 0; i < OPEN_SESSIONS; i++)
        while (sessions[i].step > 0 && session_play(&sessions[i]))
            continue;
}

static void truth_write(FILE *out)
{
    for (unsigned i = 0; i < user_count; i++) {
        const struct user *u = &users[i];
        unsigned addresses = 0, unknown = 0;
        for (unsigned c = 0; c < u->client_count; c++) {
            addresses += u->clients[c].used;
            unknown += u->clients[c].used && u->clients[c].unknown;
        }
        if (u->messages > 0)
            fprintf(out, "%s\t%s\t%lu\t%lu\t%u\t%u\t%lu\n", format->kind, u->name, u->messages,
                    format->has_recipients ? u->recipients : 0,
                    format->has_addresses ? addresses : 0, format->has_names ? unknown : 0,
                    u->failed);
    }
}

static uint64_t size_parse(const char *text)
{
    char *rest;
    double number = strtod(text, &rest);
    uint64_t unit = *rest == 'G' ? 1000000000 : *rest == 'M' ? 1000000 : *rest == 'k' ? 1000 : 1;
    return (uint64_t)(number * (double)unit);
}

static const struct format *format_named(const char *name)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (strcmp(formats[i].name, name) == 0)
            return &formats[i];
    fprintf(stderr, "mail_log_gen: no format %s\n", name);
    exit(2);
}

static const char usage[] =
    "usage: mail_log_gen [-f postfix|postfix-rfc3339|postfix-journal|exim|roundcube|imp|php]\n"
    "    [-s SIZE[k|M|G]] [-p SPAN_SECONDS] [-e END_EPOCH] [-w WINDOW_SECONDS] [-u USERS]\n"
    "    [-c MOST_ADDRESSES_OF_A_USER] [-b STOLEN_ACCOUNTS] [-a ADDRESSES_EACH] [-S SEED] [-t "
    "TRUTH_FILE] >LOG\n";

static const char *arguments(int argc, char **argv)
{
    const char *truth = NULL;
    int letter;
    while ((letter = getopt(argc, argv, "f:s:p:e:w:u:c:b:a:S:t:")) != -1) {
        switch (letter) {
        case 'f': format = format_named(optarg); break;
        case 's': wanted = size_parse(optarg); break;
        case 'p': span = strtol(optarg, NULL, 10); break;
        case 'e': end = strtol(optarg, NULL, 10); break;
        case 'w': window = strtol(optarg, NULL, 10); break;
        case 'u': user_count = (unsigned)strtoul(optarg, NULL, 10); break;
        case 'c': user_addresses = (unsigned)strtoul(optarg, NULL, 10); break;
        case 'b': bot_count = (unsigned)strtoul(optarg, NULL, 10); break;
        case 'a': bot_addresses = (unsigned)strtoul(optarg, NULL, 10); break;
        case 'S': seed = strtoull(optarg, NULL, 10); break;
        case 't': truth = optarg; break;
        default: fputs(usage, stderr); exit(2);
        }
    }
    if (user_count < 1 || user_addresses < 1 || bot_count > user_count ||
        (bot_count > 0 && bot_addresses < 1)) {
        fputs(usage, stderr);
        exit(2);
    }
    return truth;
}

int main(int argc, char **argv)
{
    format = formats;
    end = time(NULL);
    const char *truth = arguments(argc, argv);
    journal = strcmp(format->name, "postfix-journal") == 0;
    /* As log daemons write: in small pieces. Large writes would put the file in large pages of
     * the cache, which makes programs that map it nearly twice as fast as they are on a real log.
     */
    static char buffer[4096];
    setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
    people_make();
    play_all();
    int status = fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
    FILE *out = truth ? fopen(truth, "w") : NULL;
    if (out)
        truth_write(out);
    if (truth && (!out || fclose(out) != 0))
        status = 1;
    if (status != 0)
        perror("mail_log_gen");
    people_free();
    return status;
}
