/* journal_test - entries of a real journal file become lines with the right grade.
 *
 * The file is made by systemd-journal-remote from an export that the test writes, so
 * that it is what journald itself would have written. Without that program (package
 * systemd-journal-remote) the test fails.
 */
#include "spamgear/log/source.h"

#include "test.h"
#include <endian.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define START        INT64_C(1795284000) /* 2026-11-21T18:00:00Z */
#define DAEMON       "_UID=104\n_TRANSPORT=syslog\n"
#define PERSON       "_UID=1000\n_TRANSPORT=syslog\n"
#define SMTPD        "_EXE=/usr/lib/postfix/sbin/smtpd\n"
#define LOGGER       "_EXE=/usr/bin/logger\n"
#define POSTFIX      "SYSLOG_IDENTIFIER=postfix/smtpd\n"
#define IN_UNIT      "_SYSTEMD_UNIT=postfix@-.service\n"
#define DENIED       "a part of it may not be read; root and the group systemd-journal may"
#define LONG_SECOND  100   /* after START */
#define LONG_ENTRIES 19    /* of 1, 2, 4, ... bytes */
#define LONGEST      65536 /* bytes of a message that are told */
#define HURTS        500
#define HELLO        "MESSAGE=hello\n"

static char dir[] = "/tmp/journal_test.XXXXXX";

/* Each case is the only entry of its second, in order; want is NULL when it is not wanted. */
static const struct {
    const char *name;
    const char *fields;
    struct span message; /* added as a binary field when it is not empty */
    const char *want;
} cases[] = {
    {"postfix itself", POSTFIX DAEMON SMTPD "_PID=7\n" HELLO, {0}, "T mx postfix/smtpd[7]: hello"},
    {"postfix after an upgrade",
     POSTFIX DAEMON "_EXE=/usr/lib/postfix/sbin/smtpd (deleted)\n" HELLO,
     {0},
     "T mx postfix/smtpd: hello"},
    {"an exact path",
     "SYSLOG_IDENTIFIER=exim\n" DAEMON "_EXE=/usr/sbin/exim4\n" HELLO,
     {0},
     "T mx exim: hello"},
    {"an exact path after an upgrade",
     "SYSLOG_IDENTIFIER=exim\n" DAEMON "_EXE=/usr/sbin/exim4 (deleted)\n" HELLO,
     {0},
     "T mx exim: hello"},
    {"not quite that path",
     "SYSLOG_IDENTIFIER=exim\n" PERSON "_EXE=/usr/sbin/exim45\n" HELLO,
     {0},
     "F mx exim: hello"},
    {"a person's logger", POSTFIX PERSON LOGGER HELLO, {0}, "F mx postfix/smtpd: hello"},
    {"a daemon's logger", POSTFIX DAEMON LOGGER HELLO, {0}, "P mx postfix/smtpd: hello"},
    {"a person with a path of his own making",
     POSTFIX PERSON SMTPD HELLO,
     {0},
     "P mx postfix/smtpd: hello"},
    {"a path without a uid",
     POSTFIX SMTPD "_TRANSPORT=syslog\n" HELLO,
     {0},
     "P mx postfix/smtpd: hello"},
    {"the unit alone", POSTFIX DAEMON IN_UNIT HELLO, {0}, "T mx postfix/smtpd: hello"},
    {"the unit without instance",
     POSTFIX DAEMON "_SYSTEMD_UNIT=postfix.service\n" HELLO,
     {0},
     "T mx postfix/smtpd: hello"},
    {"another unit",
     POSTFIX DAEMON "_SYSTEMD_UNIT=postfix@x.scope\n" HELLO,
     {0},
     "P mx postfix/smtpd: hello"},
    {"a command of ~/.forward in the unit",
     POSTFIX PERSON LOGGER IN_UNIT HELLO,
     {0},
     "F mx postfix/smtpd: hello"},
    {"a dead command of ~/.forward in the unit",
     POSTFIX PERSON IN_UNIT HELLO,
     {0},
     "P mx postfix/smtpd: hello"},
    {"printed, not logged",
     POSTFIX SMTPD "_UID=104\n_TRANSPORT=stdout\n" HELLO,
     {0},
     "P mx postfix/smtpd: hello"},
    {"imported", POSTFIX HELLO, {0}, "P mx postfix/smtpd: hello"},
    {"a uid that is none",
     POSTFIX LOGGER "_UID=99999999999999999999\n" HELLO,
     {0},
     "P mx postfix/smtpd: hello"},
    {"the kernel's pid first",
     POSTFIX "_PID=7\nSYSLOG_PID=8\n" HELLO,
     {0},
     "P mx postfix/smtpd[7]: hello"},
    {"the program's pid", POSTFIX "SYSLOG_PID=8\n" HELLO, {0}, "P mx postfix/smtpd[8]: hello"},
    {"a pid that is none", POSTFIX "SYSLOG_PID=1]: x\n" HELLO, {0}, "P mx postfix/smtpd: hello"},
    {"another identifier", "SYSLOG_IDENTIFIER=postfixer\n" HELLO, {0}, NULL},
    {"an identifier that fits a pattern",
     "SYSLOG_IDENTIFIER=postfix-in/submission/smtpd\n" HELLO,
     {0},
     "P mx postfix-in/submission/smtpd: hello"},
    {"one that does not", "SYSLOG_IDENTIFIER=postfix-in/smtp\n" HELLO, {0}, NULL},
    {"no identifier", HELLO, {0}, NULL},
    {"an identifier that ends the head",
     "SYSLOG_IDENTIFIER=postfix/smtpd[1]: A: client=x[1],\tsasl_username=me\n" HELLO,
     {0},
     "P mx postfix/smtpd_1___A__client=x_1_,_sasl_username=me: hello"},
    {"newlines and NUL",
     POSTFIX,
     {"a\nNov 21 mx b: c\0d\r\n", 20},
     "P mx postfix/smtpd: a Nov 21 mx b: c d  "},
    {"no message", POSTFIX "PRIORITY=6\n", {0}, "P mx postfix/smtpd: "},
};

#define CASES (sizeof cases / sizeof cases[0])

static const char *const writers[] = {"/usr/lib/postfix/sbin/", "/usr/sbin/exim4", NULL};
static const char *const wanted[] = {"postfix/", "postfix-*/smtpd", "exim", NULL};

static const char *in_dir(const char *name)
{
    static char paths[4][512];
    static unsigned turn;
    char *path = paths[turn++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", dir, name);
    return path;
}

static void write_entry(FILE *file, size_t i)
{
    fprintf(file, "__REALTIME_TIMESTAMP=%" PRId64 "\n__MONOTONIC_TIMESTAMP=%zu\n",
            (START + (int64_t)i) * 1000000 + 42, 1000 + i);
    fprintf(file, "_BOOT_ID=0123456789abcdef0123456789abcdef\n_HOSTNAME=mx\n%s", cases[i].fields);
    if (cases[i].message.len > 0) {
        uint64_t len = htole64(cases[i].message.len);
        fputs("MESSAGE\n", file);
        fwrite(&len, sizeof len, 1, file);
        fwrite(cases[i].message.at, 1, cases[i].message.len, file);
        fputc('\n', file);
    }
    fputc('\n', file);
}

static int long_letter(size_t n)
{
    return 'a' + (int)(n * n / 7 % 26);
}

/* Behind the cases: messages of all sizes, those of more than 512 bytes are compressed. */
static void write_long_entries(FILE *file)
{
    for (size_t i = 0; i < LONG_ENTRIES; i++) {
        fprintf(file, "__REALTIME_TIMESTAMP=%" PRId64 "\n__MONOTONIC_TIMESTAMP=%zu\n",
                (START + LONG_SECOND + (int64_t)i) * 1000000, 100000 + i);
        fputs("_BOOT_ID=0123456789abcdef0123456789abcdef\n" POSTFIX "MESSAGE=", file);
        for (size_t n = 0; n < (size_t)1 << i; n++)
            fputc(long_letter(n), file);
        fputs("\n\n", file);
    }
}

static void make_journal(void)
{
    char command[2048];
    FILE *file = fopen(in_dir("export"), "we");
    for (size_t i = 0; file != NULL && i < CASES; i++)
        write_entry(file, i);
    if (file != NULL)
        write_long_entries(file);
    test_true("export", file != NULL && fclose(file) == 0);
    snprintf(command, sizeof command, "/lib/systemd/systemd-journal-remote -o %s %s >%s 2>&1",
             in_dir("system.journal"), in_dir("export"), in_dir("output"));
    test_number("systemd-journal-remote", system(command), 0);
}

static ssize_t read_all(const struct journal_request *request, size_t block, struct strbuf *out,
                        struct strbuf *why)
{
    char buf[65536];
    ssize_t n = -1;
    struct source *source = source_open_journal(request, why);
    test_true("kind", source == NULL || source->kind == SOURCE_JOURNAL);
    while (source != NULL && (n = source_read(source, buf, block, why)) > 0)
        strbuf_add(out, buf, (size_t)n);
    source_close(source);
    return n;
}

/* The line that a case wants, with its stamp put behind the grade. */
static void want_line(struct strbuf *out, size_t i)
{
    if (cases[i].want != NULL)
        strbuf_format(out, "%c2026-11-21T18:00:%02zu.000042+00:00 %s\n", cases[i].want[0], i,
                      cases[i].want + 2);
}

static void grades(const char *text)
{
    for (size_t i = 0; i < CASES; i++) {
        struct strbuf want = {0};
        want_line(&want, i);
        const char *end = strchr(text, '\n');
        size_t len = end == NULL ? strlen(text) : (size_t)(end - text) + 1;
        if (cases[i].want == NULL)
            continue;
        test_bytes(cases[i].name, text, len, want.data, want.len);
        text += len;
        strbuf_clear(&want);
    }
    test_text("no line more", text, "");
}

static struct journal_request request_for(const char *file)
{
    return (struct journal_request){.file = file,
                                    .identifiers = wanted,
                                    .writers = writers,
                                    .since = START,
                                    .until = INT64_MAX};
}

static void whole(void)
{
    struct strbuf got = {0}, parts = {0}, why = {0};
    struct journal_request request = request_for(in_dir("system.journal"));
    request.until = START + LONG_SECOND - 1;
    test_number("whole", read_all(&request, 65536, &got, &why), 0);
    grades(strbuf_text(&got));
    test_number("parts", read_all(&request, 7, &parts, &why), 0);
    test_text("parts", strbuf_text(&parts), strbuf_text(&got));
    request.file = NULL;
    request.dir = dir;
    strbuf_reset(&parts);
    test_number("folder", read_all(&request, 65536, &parts, &why), 0);
    test_text("folder", strbuf_text(&parts), strbuf_text(&got));
    test_text("whole", strbuf_text(&why), "");
    strbuf_clear(&got);
    strbuf_clear(&parts);
    strbuf_clear(&why);
}

static void window(void)
{
    struct strbuf got = {0}, want = {0}, why = {0};
    struct journal_request request = request_for(in_dir("system.journal"));
    request.since = START + 3;
    request.until = START + 5;
    for (size_t i = 3; i <= 5; i++)
        want_line(&want, i);
    test_number("window", read_all(&request, 65536, &got, &why), 0);
    test_text("window", strbuf_text(&got), strbuf_text(&want));
    strbuf_clear(&got);
    strbuf_clear(&want);
    strbuf_clear(&why);
}

/* Only the message is searched, not the head of the line. */
static void needles(void)
{
    struct strbuf got = {0}, want = {0}, why = {0};
    struct journal_request request = request_for(in_dir("system.journal"));
    request.until = START + LONG_SECOND - 1;
    request.needles = (const char *const[]){"mx b:", "postfix", NULL};
    for (size_t i = 0; i < CASES; i++)
        if (cases[i].message.len > 0)
            want_line(&want, i);
    test_number("needles", read_all(&request, 65536, &got, &why), 0);
    test_text("needles", strbuf_text(&got), strbuf_text(&want));
    strbuf_clear(&got);
    strbuf_clear(&want);
    strbuf_clear(&why);
}

static void nobody_writes(void)
{
    struct strbuf got = {0}, why = {0};
    struct journal_request request = request_for(in_dir("system.journal"));
    request.writers = NULL;
    request.until = START + 8;
    test_number("no writers", read_all(&request, 65536, &got, &why), 0);
    for (const char *line = strbuf_text(&got); *line != '\0'; line = strchr(line, '\n') + 1)
        test_number("anybody is plain", *line, 'P');
    strbuf_clear(&got);
    strbuf_clear(&why);
}

static void long_messages(void)
{
    struct strbuf got = {0}, want = {0}, why = {0};
    struct journal_request request = request_for(in_dir("system.journal"));
    request.since = START + LONG_SECOND;
    for (size_t i = 0; i < LONG_ENTRIES; i++) {
        strbuf_format(
            &want, "P2026-11-21T18:01:%02zu.000000+00:00 - postfix/smtpd: ", LONG_SECOND % 60 + i);
        for (size_t n = 0; n < (size_t)1 << i && n < LONGEST; n++)
            strbuf_add_char(&want, (char)long_letter(n));
        strbuf_add_char(&want, '\n');
    }
    test_number("long messages", read_all(&request, 65536, &got, &why), 0);
    test_true("long messages",
              got.len == want.len && memcmp(strbuf_text(&got), want.data, want.len) == 0);
    strbuf_clear(&got);
    strbuf_clear(&want);
    strbuf_clear(&why);
}

/* ---- damage ---- */

struct damage {
    unsigned opened, felt;
};

/* Whatever the file holds by now: reading ends, and a failure is told in words. */
static void read_damaged(size_t intact, struct damage *damage)
{
    char buf[65536];
    size_t len = 0;
    ssize_t n = -1;
    struct strbuf why = {0};
    struct journal_request request = request_for(in_dir("system.journal"));
    struct source *source = source_open_journal(&request, &why);
    while (source != NULL && len < 10 * intact &&
           (n = source_read(source, buf, sizeof buf, &why)) > 0)
        len += (size_t)n;
    test_true("reading ends", len < 10 * intact);
    test_true("a failure is told", n == 0 || why.len > 0);
    damage->opened += source != NULL;
    damage->felt += n < 0 || len != intact;
    source_close(source);
    strbuf_clear(&why);
}

static uint64_t number_at(int fd, off_t at)
{
    uint64_t number = 0;
    test_true("header", pread(fd, &number, sizeof number, at) == sizeof number);
    return le64toh(number);
}

/* Any byte may be any other, in the header (whose fields systemd.io/JOURNAL_FILE_FORMAT
 * names) or among the objects that follow the hash tables. */
static void hurt_bytes(size_t intact)
{
    int fd = open(in_dir("system.journal"), O_RDWR | O_CLOEXEC);
    uint32_t seed = 7;
    struct damage damage = {0};
    uint64_t fields_end = number_at(fd, 120) + number_at(fd, 128);
    uint64_t low = number_at(fd, 104) + number_at(fd, 112), high = number_at(fd, 136);
    low = low > fields_end ? low : fields_end;
    test_true("objects", low < high);
    for (int i = 0; i < HURTS; i++) {
        unsigned char keep[8], hurt[8];
        seed = seed * 1664525 + 1013904223;
        off_t at = i < 300 ? i & ~7 : (off_t)(low + (seed >> 4) % (high - low)) & ~(off_t)7;
        memset(hurt, (int)(seed >> 24), sizeof hurt);
        test_true("read", pread(fd, keep, sizeof keep, at) == sizeof keep);
        memcpy(hurt + (seed >> 3) % 8, keep, 8 - (seed >> 3) % 8);
        test_true("hurt", pwrite(fd, hurt, sizeof hurt, at) == sizeof hurt);
        read_damaged(intact, &damage);
        test_true("mend", pwrite(fd, keep, sizeof keep, at) == sizeof keep);
    }
    test_true("some could still be opened", damage.opened > 50);
    test_true("the damage was felt", damage.felt > 50);
    close(fd);
}

/* A copy that ends early, as after a full disk. */
static void cut_short(size_t intact)
{
    struct damage damage = {0};
    for (off_t size = 1 << 22; size > 0; size /= 2) {
        test_number("cut", truncate(in_dir("system.journal"), size), 0);
        read_damaged(intact, &damage);
    }
    test_true("the cut was felt", damage.felt > 0);
}

static void damaged(void)
{
    struct strbuf got = {0}, why = {0};
    struct journal_request request = request_for(in_dir("system.journal"));
    test_number("intact", read_all(&request, 65536, &got, &why), 0);
    hurt_bytes(got.len);
    cut_short(got.len);
    strbuf_clear(&got);
    strbuf_clear(&why);
}

static void not_there(void)
{
    static const char *const nobody[] = {"postfi", "hello/", NULL};
    struct strbuf got = {0}, why = {0};
    struct journal_request request = request_for(in_dir("system.journal"));
    request.identifiers = nobody;
    test_number("nobody logs so", read_all(&request, 65536, &got, &why), 0);
    test_text("nobody logs so", strbuf_text(&got), "");
    test_text("nobody logs so", strbuf_text(&why), "");
    strbuf_clear(&got);
    strbuf_clear(&why);
}

static void refuse(const char *name, const char *file, const char *folder, const char *what)
{
    struct strbuf why = {0}, want = {0};
    struct journal_request request = request_for(file);
    request.dir = folder;
    struct source *source = source_open_journal(&request, &why);
    test_true(name, source == NULL);
    strbuf_format(&want, "%s: %s", file != NULL ? file : folder, what);
    test_text(name, strbuf_text(&why), strbuf_text(&want));
    source_close(source);
    strbuf_clear(&why);
    strbuf_clear(&want);
}

static void refusals(void)
{
    refuse("missing file", in_dir("missing"), NULL, "No such file or directory");
    refuse("missing folder", NULL, in_dir("missing"), "No such file or directory");
    test_number("mkdir", mkdir(in_dir("empty"), 0700), 0);
    refuse("empty folder", NULL, in_dir("empty"), "no journal file that can be read");
    if (geteuid() != 0) { /* root may read everything */
        test_number("chmod", chmod(in_dir("system.journal"), 0), 0);
        refuse("no permission", NULL, dir, DENIED);
        refuse("no permission", in_dir("system.journal"), NULL, "Permission denied");
        test_number("chmod", chmod(in_dir("system.journal"), 0600), 0);
    }
    refuse("no journal", in_dir("export"), NULL, "is no journal, or a damaged one");
    test_number("empty file", truncate(in_dir("export"), 0), 0);
    refuse("empty file", in_dir("export"), NULL, "is no journal, or a damaged one");
}

/* An incompatible flag that nobody knows yet. */
static void newer_format(void)
{
    uint32_t flags = 0, newer = htole32(1U << 31);
    int fd = open(in_dir("system.journal"), O_RDWR | O_CLOEXEC);
    test_true("flags", pread(fd, &flags, sizeof flags, 12) == sizeof flags);
    newer |= flags;
    test_true("newer", pwrite(fd, &newer, sizeof newer, 12) == sizeof newer);
    refuse("newer format", in_dir("system.journal"), NULL,
           "is of a newer format than libsystemd here knows");
    test_true("as before", pwrite(fd, &flags, sizeof flags, 12) == sizeof flags);
    close(fd);
}

static void clean_up(void)
{
    rmdir(in_dir("empty"));
    unlink(in_dir("export"));
    unlink(in_dir("output"));
    unlink(in_dir("system.journal"));
    rmdir(dir);
}

int main(void)
{
    if (mkdtemp(dir) == NULL)
        return 1;
    make_journal();
    whole();
    window();
    needles();
    nobody_writes();
    not_there();
    refusals();
    newer_format();
    long_messages();
    damaged();
    clean_up();
    return test_end();
}
