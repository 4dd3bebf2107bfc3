/* postlog_writer LOG TRUTH LINES-PER-SECOND LINES ROTATIONS SEED - a mail server that logs, and
 * what turns its log over in every way there is while it does.
 *
 * The lines are messages of Postfix with verdicts of amavis, rspamd and spamd, some dozens open
 * at a time, so that most rotations fall into the middle of many. Lines are often written in two
 * pieces. TRUTH says what must be known in the end, tab-separated, in any order:
 *     spam QUEUE-ID CLIENT SASL-USERNAME FROM VICTIMS SCORE      of each message with a bad verdict
 *     sasl USERNAME MESSAGES RECIPIENTS                          of each user
 * With 0 lines a second it writes as fast as it can.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SESSIONS 48
#define USERS    40
#define KEPT     150 /* rotated files */
#define LINE_MAX 700 /* the longest line, and more */

struct session {
    const char *const *next; /* the lines it has yet to write */
    char id[24], new_id[24], address[48], host[32], recipients[160];
    unsigned number, user, pid, count;
    double score;
};

/* $q queue ID, $n that of the message that the filter handed back, $m Message-ID, $u user, $a
 * address, $h name of the client, $p process, $r recipients as amavis lists them, $1 the first of
 * them, $b the same without brackets, $c how many, $s score, $i its integer. */
#define ACCEPT                                                                                     \
    "postfix/submission/smtpd[$p]: $q: client=$h[$a], sasl_method=PLAIN, sasl_username=$u",        \
        "postfix/cleanup[$p]: $q: message-id=<$m>",                                                \
        "postfix/qmgr[77]: $q: from=<$u@example.net>, size=2000, nrcpt=$c (queue active)"
#define RETURNED       "postfix/10025/smtpd[$p]: $n: client=localhost[127.0.0.1]"
#define RETURNED_KNOWN RETURNED ", orig_queue_id=$q, orig_client=$h[$a]"
#define RETURNED_QUEUED                                                                            \
    "postfix/cleanup[$p]: $n: message-id=<$m>",                                                    \
        "postfix/qmgr[77]: $n: from=<$u@example.net>, size=2500, nrcpt=$c (queue active)"
#define FILTERED                                                                                   \
    "postfix/smtp-amavis/smtp[$p]: $q: to=<$1>, relay=127.0.0.1[127.0.0.1]:10024, delay=1, "       \
    "delays=0.1/0/0/0.9, dsn=2.0.0, status=sent (250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): "     \
    "250 2.0.0 Ok: queued as $n)",                                                                 \
        "postfix/qmgr[77]: $q: removed"
#define DELIVERED(id)                                                                              \
    "postfix/smtp[$p]: " id ": to=<$1>, relay=mx.example.org[192.0.2.25]:25, delay=2, "            \
    "delays=0.1/0/1/0.9, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 4F1234ABCD)",             \
        "postfix/qmgr[77]: " id ": removed"
#define AMAVIS(verdict, hits)                                                                      \
    "amavis[$p]: ($p-07) Passed " verdict " {RelayedOutbound}, ORIGINATING LOCAL [$a]:4711 [$a] "  \
    "<$u@example.net> -> $r, Queue-ID: $q, Message-ID: <$m>, mail_id: k$p, Hits: " hits ", "       \
    "size: 2000, queued_as: $n, 659 ms"

static const char *const amavis_spam[] = {
    ACCEPT, RETURNED_KNOWN, RETURNED_QUEUED, AMAVIS("SPAM", "$s"), FILTERED, DELIVERED("$n"), NULL};
/* The verdict's line comes last of all that tells what became of it. */
static const char *const amavis_late[] = {
    ACCEPT, RETURNED, RETURNED_QUEUED, DELIVERED("$n"), FILTERED, AMAVIS("SPAMMY", "$s"), NULL};
static const char *const amavis_clean[] = {
    ACCEPT, RETURNED_KNOWN, RETURNED_QUEUED, AMAVIS("CLEAN", "-1.9"), FILTERED, DELIVERED("$n"),
    NULL};
static const char *const rspamd_spam[] = {
    ACCEPT,
    "rspamd[88]: <$pab>; proxy; rspamd_task_write_log: id: <$m>, qid: <$q>, ip: $a, user: $u, "
    "from: <$u@example.net>, (default: T (add header): [$s/15.00] [BAYES_SPAM(5.00){99%;}]), len: "
    "2000, time: 70ms, dns req: 5, digest: <ab>, rcpts: <$b>, mime_rcpts: <$1>",
    DELIVERED("$q"), NULL};
static const char *const spamd_spam[] = {
    ACCEPT,
    "spamd[$p]: spamd: processing message <$m> for filter:111",
    "spamd[$p]: spamd: identified spam ($s/5.0) for filter:111 in 1.2 seconds, 2000 bytes.",
    "spamd[$p]: spamd: result: Y $i - BAYES_99,HTML scantime=1.2,size=2000,user=filter,uid=111,"
    "required_score=5.0,rhost=localhost,raddr=127.0.0.1,rport=/run/s,mid=<$m>,autolearn=no",
    "postfix/pickup[78]: $n: uid=111 from=<$u@example.net>",
    "postfix/pipe[$p]: $q: to=<$1>, relay=spamassassin, delay=1, delays=0/0/0/1, dsn=2.0.0, "
    "status=sent (delivered via spamassassin service)",
    "postfix/qmgr[77]: $q: removed",
    RETURNED_QUEUED,
    DELIVERED("$n"),
    NULL};
static const char *const connects[] = {
    "postfix/smtpd[$p]: connect from $h[$a]",
    "postfix/smtpd[$p]: NOQUEUE: reject: RCPT from $h[$a]: 554 5.7.1 <$1>: Relay access denied; "
    "from=<$u@example.org> to=<$1> proto=ESMTP helo=<$h>",
    "postfix/smtpd[$p]: disconnect from $h[$a] ehlo=1 mail=1 rcpt=0/1 commands=2/3", NULL};

static const struct play {
    unsigned weight;
    bool counts, spam;
    const char *const *lines;
} plays[] = {
    {20, true, true, amavis_spam}, {10, true, true, amavis_late}, {30, true, false, amavis_clean},
    {15, true, true, rspamd_spam}, {10, true, true, spamd_spam},  {15, false, false, connects},
};

static struct session sessions[SESSIONS];
static unsigned messages[USERS], recipients[USERS], numbers;
static long lines_written;
static FILE *truth;
static const char *log_name;
static int log_fd;
static uint64_t dice_state;

static struct {
    char bytes[1 << 20];
    size_t len;
} out;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static unsigned dice(unsigned sides)
{
    dice_state = dice_state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(dice_state >> 33) % sides;
}

/* --- What is logged --- */

/* Long ones differ in nothing but the case of a letter now and then. */
static void make_id(char *id, size_t size, unsigned number)
{
    static const char digits[] = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz";
    if (number % 3 != 0)
        snprintf(id, size, "%05X%05X", number, number * 2654435761u % 0x100000);
    else
        snprintf(id, size, "4gZX%c%c%c%c%c%cz%c%c", digits[number / 7311616 % 52],
                 digits[number / 140608 % 52], digits[number / 2704 % 52], digits[number / 52 % 52],
                 digits[number % 52], digits[number * 7 % 52], digits[number % 31],
                 digits[number / 5 % 31]);
}

static void make_recipients(struct session *s)
{
    size_t len = 0;
    for (unsigned i = 0; i < s->count; i++)
        len += (size_t)snprintf(s->recipients + len, sizeof s->recipients - len, "%s<r%u.%u@a.org>",
                                i == 0 ? "" : ",", i, s->number % 1000);
}

static const struct play *draw(void)
{
    unsigned point = dice(100);
    const struct play *play = plays;
    while (point >= play->weight)
        point -= play++->weight;
    return play;
}

static void tell_truth(const struct session *s, const struct play *play)
{
    if (play->counts) {
        messages[s->user]++;
        recipients[s->user] += s->count;
    }
    if (play->spam)
        fprintf(truth, "spam\t%s\t%s\tuser%u\tuser%u@example.net\t%u\t%.1f\n", s->id, s->address,
                s->user, s->user, s->count, s->score);
}

static void begin(struct session *s)
{
    const struct play *play = draw();
    s->number = numbers++;
    make_id(s->id, sizeof s->id, 2 * s->number);
    make_id(s->new_id, sizeof s->new_id, 2 * s->number + 1);
    s->user = dice(USERS);
    s->pid = 1000 + s->number % 30000;
    s->count = 1 + dice(5);
    s->score = 5.1 + dice(300) / 10.0;
    unsigned host = dice(250);
    if (host % 4 == 0)
        snprintf(s->address, sizeof s->address, "2001:db8:%x::%x", s->user + 1, host + 1);
    else
        snprintf(s->address, sizeof s->address, "198.51.100.%u", host + 1);
    snprintf(s->host, sizeof s->host, host % 3 == 0 ? "unknown" : "h%u.isp.example", host);
    make_recipients(s);
    s->next = play->lines;
    tell_truth(s, play);
}

static void put(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void put(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    out.len += (size_t)vsnprintf(out.bytes + out.len, sizeof out.bytes - out.len, format, args);
    va_end(args);
}

static void put_bare(const char *list)
{
    for (; *list != '\0'; list++)
        if (*list != '<' && *list != '>')
            out.bytes[out.len++] = *list;
}

static void put_field(const struct session *s, char letter)
{
    switch (letter) {
    case 'q': put("%s", s->id); break;
    case 'n': put("%s", s->new_id); break;
    case 'm': put("%u.a+b=c$%u@mail.example.net", s->number, s->pid); break;
    case 'u': put("user%u", s->user); break;
    case 'a': put("%s", s->address); break;
    case 'h': put("%s", s->host); break;
    case 'p': put("%u", s->pid); break;
    case 'r': put("%s", s->recipients); break;
    case '1': put("r0.%u@a.org", s->number % 1000); break;
    case 'c': put("%u", s->count); break;
    case 's': put("%.1f", s->score); break;
    case 'i': put("%2d", (int)s->score); break;
    case 'b': put_bare(s->recipients); break;
    }
}

static void put_stamp(void)
{
    static time_t last;
    static char text[32];
    time_t now = time(NULL);
    struct tm tm;
    if (now != last && localtime_r(&now, &tm) != NULL)
        strftime(text, sizeof text, "%b %e %H:%M:%S mx ", &tm);
    last = now;
    put("%s", text);
}

static void put_line(struct session *s)
{
    put_stamp();
    for (const char *p = *s->next++; *p != '\0'; p++)
        if (*p == '$')
            put_field(s, *++p);
        else
            out.bytes[out.len++] = *p;
    out.bytes[out.len++] = '\n';
    lines_written++;
}

static void log_line(void)
{
    struct session *s = &sessions[dice(SESSIONS)];
    if (s->next == NULL || *s->next == NULL)
        begin(s);
    put_line(s);
}

static void log_what_is_open(void)
{
    for (struct session *s = sessions; s < sessions + SESSIONS; s++)
        while (s->next != NULL && *s->next != NULL)
            put_line(s);
}

static void write_all(const char *at, size_t len)
{
    while (len > 0) {
        ssize_t n = write(log_fd, at, len);
        if (n < 0)
            die("write");
        at += n;
        len -= (size_t)n;
    }
}

static void flush(void)
{
    size_t first = dice(3) == 0 ? dice((unsigned)out.len + 1) : out.len;
    write_all(out.bytes, first);
    if (first < out.len && dice(10) == 0)
        usleep(1000);
    write_all(out.bytes + first, out.len - first);
    out.len = 0;
}

static void log_lines(unsigned count)
{
    while (count-- > 0) {
        log_line();
        if (out.len > sizeof out.bytes - LINE_MAX)
            flush();
    }
    flush();
}

/* --- How it is turned over --- */

static const char *named(const char *end, unsigned number)
{
    static char names[2][4096];
    static unsigned turn;
    char *name = names[turn++ % 2];
    if (number == 0)
        snprintf(name, sizeof names[0], "%s%s", log_name, end);
    else
        snprintf(name, sizeof names[0], "%s.%u%s", log_name, number, end);
    return name;
}

static void shift(void)
{
    unlink(named("", KEPT + 1));
    unlink(named(".gz", KEPT + 1));
    for (unsigned i = KEPT; i > 0; i--) {
        rename(named("", i), named("", i + 1));
        rename(named(".gz", i), named(".gz", i + 1));
    }
}

static void rename_away(void)
{
    shift();
    if (rename(named("", 0), named("", 1)) != 0)
        die("rename");
}

static int open_new(const char *name)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    if (fd < 0)
        die(name);
    return fd;
}

static void follow_name(void)
{
    close(log_fd);
    log_fd = open_new(log_name);
}

static void copy_to(const char *name)
{
    static char bytes[1 << 16];
    int from = open(log_name, O_RDONLY | O_CLOEXEC), to = open_new(name);
    ssize_t n;
    while ((n = read(from, bytes, sizeof bytes)) > 0)
        if (write(to, bytes, (size_t)n) != n)
            die(name);
    close(from);
    close(to);
}

static off_t log_size(void)
{
    struct stat st;
    return fstat(log_fd, &st) == 0 ? st.st_size : 0;
}

/* Fills up the log that is now being written to exactly this size. */
static void log_up_to(off_t size)
{
    while (size - log_size() > LINE_MAX + 50) {
        log_line();
        flush();
    }
    size_t missing = (size_t)(size - log_size());
    if (missing == 0)
        return;
    put_stamp();
    put("cron[1]: ");
    while (out.len < missing - 1)
        out.bytes[out.len++] = 'x';
    out.bytes[out.len++] = '\n';
    flush();
}

/* Small enough to be written again in a moment, and read already. */
static off_t begin_small(void)
{
    rename_away();
    follow_name();
    log_lines(20 + dice(40));
    usleep(1000 * dice(60));
    return log_size();
}

static void turn_renamed(void)
{
    rename_away();
    follow_name();
}

/* Who writes is told late that there is a new file. */
static void turn_late(void)
{
    rename_away();
    close(open_new(log_name));
    for (unsigned i = 0; i < 5; i++) {
        log_lines(20);
        usleep(5000);
    }
    follow_name();
}

static void turn_copied(void)
{
    shift();
    copy_to(named("", 1));
    if (ftruncate(log_fd, 0) != 0)
        die("ftruncate");
}

static void turn_packed(void)
{
    turn_renamed();
    const char *name = named("", dice(2) + 1);
    if (access(name, F_OK) != 0)
        return;
    pid_t pid = fork();
    if (pid == 0) {
        execlp("gzip", "gzip", "-f", name, (char *)NULL);
        _exit(127);
    }
    int status;
    if (pid < 0 || waitpid(pid, &status, 0) < 0 || status != 0)
        die("gzip");
}

static void turn_replaced(void)
{
    off_t size = begin_small();
    close(log_fd);
    log_fd = open_new(named(".new", 0));
    log_up_to(size);
    rename_away();
    if (rename(named(".new", 0), named("", 0)) != 0)
        die("rename");
}

static void turn_rewritten(void)
{
    off_t size = begin_small();
    turn_copied();
    log_up_to(size);
}

static void turn_absent(void)
{
    rename_away();
    usleep(1000 * (20 + dice(100)));
    follow_name();
}

static void turn_often(void)
{
    for (unsigned i = 1 + dice(3); i > 0; i--) {
        dice(2) == 0 ? turn_renamed() : turn_copied();
        log_lines(dice(3));
    }
    turn_renamed();
}

static void (*const turns[])(void) = {turn_renamed,  turn_copied,    turn_packed, turn_late,
                                      turn_replaced, turn_rewritten, turn_absent, turn_often};

/* --- All of it --- */

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void play_all(double rate, long lines, long rotations)
{
    double begun = seconds();
    long turned = 0;
    while (lines_written < lines) {
        long due = rate > 0 ? (long)((seconds() - begun) * rate) - lines_written : 1000;
        if (due > 0)
            log_lines(due > 1000 ? 1000 : (unsigned)due);
        else
            usleep(2000);
        if (turned < rotations && lines_written > (turned + 1) * (lines / (rotations + 1)))
            turns[turned++ % (long)(sizeof turns / sizeof *turns)]();
    }
    log_what_is_open();
    flush();
    fprintf(stderr, "%ld lines in %.1f s, %ld rotations\n", lines_written, seconds() - begun,
            turned);
}

int main(int argc, char **argv)
{
    if (argc != 7)
        return 2;
    log_name = argv[1];
    dice_state = strtoull(argv[6], NULL, 10) * 2 + 1;
    log_fd = open_new(log_name);
    truth = fopen(argv[2], "w");
    if (truth == NULL)
        die(argv[2]);
    play_all(atof(argv[3]), atol(argv[4]), atol(argv[5]));
    for (unsigned i = 0; i < USERS; i++)
        if (messages[i] > 0)
            fprintf(truth, "sasl\tuser%u\t%u\t%u\n", i, messages[i], recipients[i]);
    return fclose(truth) == 0 && close(log_fd) == 0 ? 0 : 1;
}
