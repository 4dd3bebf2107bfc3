/* journal_test - entries of a real journal file become lines with the right grade.
 *
 * The file is made by systemd-journal-remote from an export that the test writes, so
 * that it is what journald itself would have written. Without that program (package
 * systemd-journal-remote) the test fails.
 */
#include "spamgear/log/source.h"

#include "test.h"
#include <endian.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define START   INT64_C(1795284000) /* 2026-11-21T18:00:00Z */
#define DAEMON  "_UID=104\n_TRANSPORT=syslog\n"
#define PERSON  "_UID=1000\n_TRANSPORT=syslog\n"
#define SMTPD   "_EXE=/usr/lib/postfix/sbin/smtpd\n"
#define LOGGER  "_EXE=/usr/bin/logger\n"
#define POSTFIX "SYSLOG_IDENTIFIER=postfix/smtpd\n"
#define IN_UNIT "_SYSTEMD_UNIT=postfix@-.service\n"
#define HELLO   "MESSAGE=hello\n"

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
static const char *const wanted[] = {"postfix/", "exim", NULL};

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

static void make_journal(void)
{
    char command[2048];
    FILE *file = fopen(in_dir("export"), "we");
    for (size_t i = 0; file != NULL && i < CASES; i++)
        write_entry(file, i);
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
    refuse("no journal", in_dir("export"), NULL, "is no journal, or a damaged one");
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
    nobody_writes();
    not_there();
    refusals();
    clean_up();
    return test_end();
}
