/* applet_test - whole calls of a program with applets of its own: each runs in a child, whose
 * standard output, standard error and status are compared.
 */
#include "spamgear/cli/applet.h"

#include "spamgear/base/clock.h"
#include "spamgear/base/diag.h"
#include "test.h"
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct settings {
    uint64_t limit;
    struct period period;
    struct texts logs;
    struct memo nis;
    int format, status;
    bool trouble, lock;
};

static const char *const formats[] = {"text", "json", NULL};
static const char *const lock_names[] = {"dissable-account", "dissable-acount", NULL};

static const struct option rows[] = {
    OPTION_COUNT(struct settings, limit, "max-connections", 'm', "N", "90", 1, 1000, "Limit."),
    OPTION_PERIOD(struct settings, period, "period", 'p', "PERIOD", "1hour", "How long."),
    OPTION_LIST(struct settings, logs, "logs", 'l', "FILE", "Logs.", .flags = OPTION_GLOB_WORDS),
    OPTION_MEMO(struct settings, nis, "nis", 'n', "MASTER", "NIS."),
    OPTION_CHOICE(struct settings, format, "format", 0, "FORMAT", "text", formats, "Output."),
    OPTION_FLAG(struct settings, lock, "disable-account", 'd', "Lock.", .aliases = lock_names),
    OPTION_FLAG(struct settings, trouble, "trouble", 0, "Have trouble.", .flags = OPTION_NO_CONFIG),
    OPTION_END};
static const struct option *const tables[] = {rows, NULL};

static int show(void *own, const struct run *run)
{
    const struct settings *s = own;
    printf("%s limit=%d period=%s format=%s", run->called, (int)s->limit, s->period.text,
           formats[s->format]);
    if (s->lock)
        printf(" lock");
    if (s->nis.given)
        printf(" nis=%s", s->nis.value != NULL ? s->nis.value : "(none)");
    for (size_t i = 0; i < s->logs.len; i++)
        printf(" [%s]", s->logs.at[i]);
    for (int i = 0; i < run->argc; i++)
        printf(" (%s)", run->argv[i]);
    printf("\n");
    if (s->trouble)
        diag_error("trouble");
    diag_info("verbose");
    return run->argc;
}

static const struct section shared;

/* The time, and what the section says when it says something. */
static int show_now(void *own, const struct run *run)
{
    struct section_values values;
    struct texts problems = {0};
    (void)own;
    section_read(&values, &shared, run->config, &problems);
    const struct settings *s = values.own;
    if (s->limit != 90)
        printf("shared limit=%d logs=%zu ", (int)s->limit, s->logs.len);
    printf("%lld\n", (long long)clock_now());
    section_clear(&values);
    texts_clear(&problems);
    return 0;
}

static const char *const mail_names[] = {"mail-scan", "old-mail", NULL};
static const struct applet_example examples[] = {{"mail-check -m 5", "Few."}, {NULL, NULL}};
static const struct applet mail = {.name = "mail-check",
                                   .aliases = mail_names,
                                   .summary = "check mail",
                                   .operands = "[WORD...]",
                                   .options = tables,
                                   .settings_size = sizeof(struct settings),
                                   .examples = examples,
                                   .run = show};
static const struct section shared = {"shared", "What two have.", tables, sizeof(struct settings)};
static const struct section *const shared_sections[] = {&shared, NULL};
static const struct applet now = {
    .name = "now", .summary = "tell the time", .sections = shared_sections, .run = show_now};
static const char *const tool_formats[] = {"metrics", "text", NULL};
static const struct option tool_rows[] = {OPTION_CHOICE(struct settings, format, "format", 0,
                                                        "FORMAT", "metrics", tool_formats,
                                                        "Output."),
                                          OPTION_END};
static const struct option *const tool_tables[] = {tool_rows, NULL};
static const struct applet tool = {.name = "tool",
                                   .summary = "a tool",
                                   .options = tool_tables,
                                   .settings_size = sizeof(struct settings),
                                   .flags = APPLET_TOOL,
                                   .run = show_now};
static const struct applet *const applets[] = {&mail, &now, &tool};

/* ---- one call ---- */

static char folder[] = "/tmp/applet_test.XXXXXX";

static void take_file(const char *path, struct strbuf *out)
{
    char block[4096];
    ssize_t n = 0;
    int fd = open(path, O_RDONLY);
    while (fd >= 0 && (n = read(fd, block, sizeof block)) > 0)
        strbuf_add(out, block, (size_t)n);
    if (fd >= 0)
        close(fd);
}

static void redirect(int fd, const char *path)
{
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (file < 0 || dup2(file, fd) != fd)
        _exit(99);
    close(file);
}

static void run_child(char **argv, bool close_output)
{
    int argc = 0;
    while (argv[argc] != NULL)
        argc++;
    redirect(STDERR_FILENO, "err");
    redirect(STDOUT_FILENO, "out");
    if (close_output)
        close(STDOUT_FILENO);
    exit(applet_main(applets, sizeof applets / sizeof *applets, argc, argv)); /* leaks are told */
}

/* "out" then "! err" then the status. */
static void call(struct strbuf *got, char **argv, bool close_output)
{
    int status = 0;
    struct strbuf err = {0};
    fflush(NULL);
    pid_t child = fork();
    if (child == 0)
        run_child(argv, close_output);
    waitpid(child, &status, 0);
    take_file("out", got);
    take_file("err", &err);
    if (err.len > 0)
        strbuf_format(got, "! %s", err.data);
    strbuf_format(got, "%d", WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status));
    strbuf_clear(&err);
}

static void write_config(const char *text)
{
    FILE *f = fopen("test.conf", "w");
    if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0)
        perror("test.conf");
}

static const struct {
    const char *name, *config;
    char *argv[8];
    const char *want;
} cases[] = {
    {"by its name", "", {"mail-check"}, "mail-check limit=90 period=1hour format=text\n0"},
    {"by an alias, with a path",
     "",
     {"/usr/bin/mail-scan"},
     "mail-scan limit=90 period=1hour format=text\n0"},
    {"as a word",
     "",
     {"spamgear", "old-mail", "-m", "5"},
     "old-mail limit=5 period=1hour format=text\n0"},
    {"spamgear under another name",
     "",
     {"sg-0.1", "mail-check"},
     "mail-check limit=90 period=1hour format=text\n0"},
    {"its own status",
     "",
     {"mail-check", "a"},
     "mail-check limit=90 period=1hour format=text (a)\n1"},
    {"trouble makes 2 of 1",
     "",
     {"mail-check", "a", "--trouble"},
     "mail-check limit=90 period=1hour format=text (a)\n! mail-check: trouble\n2"},
    {"trouble leaves 3",
     "",
     {"mail-check", "a", "b", "c", "--trouble"},
     "mail-check limit=90 period=1hour format=text (a) (b) (c)\n! mail-check: trouble\n3"},
    {"old spellings",
     "",
     {"mail-check", "--dissable-acount"},
     "mail-check limit=90 period=1hour format=text lock\n0"},
    {"verbose",
     "",
     {"mail-scan", "-v"},
     "mail-scan limit=90 period=1hour format=text\n! mail-scan: verbose\n0"},
    {"clock", "", {"now", "--now", "@1795284000"}, "1795284000\n0"},
    {"no clock", "", {"now", "--now", "soon"}, "! now: --now: \"soon\" is not a time\n2"},
    {"no operands",
     "",
     {"now", "a", "b"},
     "! now: \"a\": takes no operands\nnow: \"b\": takes no operands\n2"},
    {"every problem",
     "[spamgear]\nmax-connections = 0\n",
     {"mail-check", "-m", "x", "--nope", "-p", "0"},
     "! mail-check: --nope: unknown option; did you mean --now?\n"
     "mail-check: test.conf:2: max-connections: \"0\" is not a whole number from 1 to 1000\n"
     "mail-check: --max-connections: \"x\" is not a whole number from 1 to 1000\n"
     "mail-check: --period: \"0\" is no period: it must be longer than zero\n2"},

    {"order of settings",
     "[spamgear]\nmax-connections=2\nperiod=2hours\nformat=json\nlogs = a b\n"
     "[mail-check]\nmax-connections=3\nperiod = 3 hours\nlogs = c\nlogs = 'd e'\n",
     {"mail-check", "-m4"},
     "mail-check limit=4 period=3 hours format=json [c] [d e]\n0"},
    {"the command line replaces a list",
     "[mail-scan]\nlogs = a\n b\n",
     {"mail-check", "-l", "c", "d"},
     "mail-check limit=90 period=1hour format=text [c] [d]\n0"},
    {"[spamgear] does not undo [applet]",
     "[mail-check]\nmax-connections=3\n[spamgear]\nmax-connections=2\n",
     {"mail-check"},
     "mail-check limit=3 period=1hour format=text\n0"},
    {"flags and memos",
     "[mail-check]\ndisable-account = yes\nnis = on\n",
     {"mail-check"},
     "mail-check limit=90 period=1hour format=text lock nis=(none)\n0"},
    {"a memo's value",
     "[spamgear]\nnis = master\n[mail-check]\ndissable-acount=1\n",
     {"mail-check", "--no-disable-account"},
     "mail-check limit=90 period=1hour format=text nis=master\n0"},
    {"a memo off",
     "[spamgear]\nnis = master\n[mail-check]\nnis=no\n",
     {"mail-check"},
     "mail-check limit=90 period=1hour format=text\n0"},
    {"a key of another applet",
     "[spamgear]\nperiod = 5 min\nverbose=no\n",
     {"now", "--now=@5"},
     "5\n0"},
    {"a choice of another applet",
     "[spamgear]\nformat = metrics\n",
     {"mail-check"},
     "mail-check limit=90 period=1hour format=text\n0"},
    {"but not in the own section",
     "[mail-check]\nformat = metrics\n",
     {"mail-check"},
     "! mail-check: test.conf:2: format: \"metrics\" is not text or json\n2"},
    {"a choice of nobody",
     "[spamgear]\nformat = xml\n",
     {"mail-check"},
     "! mail-check: test.conf:2: format: \"xml\" is not text or json\n2"},
    {"sections of others",
     "[limits]\nbob@example.com = 5\n[limits old-mail]\nx=1\n[allow]\naddresses=::1\n"
     "[format my relay]\npattern=x\ntag=y\n",
     {"now", "--now=@5"},
     "5\n0"},
    {"a shared section",
     "[shared]\nmax-connections = 7\nlogs = a b\n",
     {"now", "--now=@5"},
     "shared limit=7 logs=2 5\n0"},
    {"mistakes in a shared section",
     "[shared]\nmax-connections = 0\nlgs = a b\n[shard]\nx=1\n",
     {"now", "--now=@5"},
     "! now: test.conf:3: unknown key lgs; did you mean logs?\n"
     "now: test.conf:5: unknown section shard; did you mean shared?\n2"},
    {"unknown names",
     "[mail-chek]\nx=1\ny=1\n[limits nobody]\na=1\n[format]\ntag=1\n[format "
     "f]\npatern=1\n[allow]\nadresses=::1\n"
     "[now]\nperiod=1\n[spamgear]\nmax-conections=1\n[mail-check]\nhelp=yes\ntrouble=yes\n",
     {"now"},
     "! now: test.conf:2: unknown section mail-chek; did you mean mail-check?\n"
     "now: test.conf:5: unknown section limits nobody\n"
     "now: test.conf:7: unknown section format; did you mean format NAME?\n"
     "now: test.conf:9: unknown key patern; did you mean pattern?\n"
     "now: test.conf:11: unknown key adresses; did you mean addresses?\n"
     "now: test.conf:13: unknown key period\n"
     "now: test.conf:15: unknown key max-conections; did you mean max-connections?\n"
     "now: test.conf:17: help: only on the command line\n"
     "now: test.conf:18: trouble: only on the command line\n2"},
    {"unreadable config", "[a\n", {"now"}, "! now: test.conf:1: [ without ]\n2"},
    {"missing --config",
     "",
     {"now", "--config", "none.conf"},
     "! now: none.conf: No such file or directory\n2"},

    {"unknown applet",
     "",
     {"spamgear", "mail-chek", "-m"},
     "! spamgear: unknown applet \"mail-chek\"; did you mean mail-check?\n127"},
    {"nothing like it",
     "",
     {"spamgear", "zzzzzzzz"},
     "! spamgear: unknown applet \"zzzzzzzz\"; see spamgear --list\n127"},
    {"control bytes",
     "",
     {"spamgear", "\033[2J"},
     "! spamgear: unknown applet \"\\x1b[2J\"; see spamgear --list\n127"},
    {"no word",
     "",
     {"spamgear"},
     "! spamgear: no applet is named; see spamgear --list and spamgear --help\n2"},
    {"empty word",
     "",
     {"spamgear", ""},
     "! spamgear: unknown applet \"\"; see spamgear --list\n127"},
    {"no argv",
     "",
     {NULL},
     "! spamgear: no applet is named; see spamgear --list and spamgear --help\n2"},
    {"options first",
     "",
     {"spamgear", "--list", "mail-check"},
     "! spamgear: \"mail-check\": the applet must be the first word\n2"},
    {"unknown manual",
     "",
     {"spamgear", "--man", "mial-check"},
     "! spamgear: unknown applet \"mial-check\"; did you mean mail-check?\n127"},
    {"unknown shell",
     "",
     {"spamgear", "--completion=tcsh"},
     "! spamgear: --completion: \"tcsh\" is not bash or zsh\n2"},
    {"list",
     "",
     {"spamgear", "--list"},
     "mail-check  mail-scan,old-mail  check mail\n"
     "now         -                   tell the time\n"
     "tool        -                   a tool\n0"},
    {"list as JSON",
     "",
     {"spamgear", "--list", "--json"},
     "[\n{\"name\":\"mail-check\",\"aliases\":[\"mail-scan\",\"old-mail\"],\"summary\":\"check "
     "mail\","
     "\"tool\":false},\n"
     "{\"name\":\"now\",\"aliases\":[],\"summary\":\"tell the time\",\"tool\":false},\n"
     "{\"name\":\"tool\",\"aliases\":[],\"summary\":\"a tool\",\"tool\":true}\n]\n0"},
    {"help in spite of problems",
     "[x",
     {"now", "--nope", "-h"},
     "Usage: now [OPTION...]\ntell the time\n\nOptions:\n"
     "      --config FILE       Read this file instead of /etc/spamgear/spamgear.conf\n"
     "                          and conf.d.\n"
     "  -v, --verbose           Tell on standard error what is done.\n"
     "  -h, --help              Show this help.\n\n"
     "The whole manual: spamgear --man now\n0"},
};

static void test_calls(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct strbuf got = {0};
        char *argv[9] = {0};
        memcpy(argv, cases[i].argv, sizeof cases[i].argv);
        write_config(cases[i].config);
        call(&got, argv, false);
        test_text(cases[i].name, strbuf_text(&got), cases[i].want);
        strbuf_clear(&got);
    }
}

static void test_links(void)
{
    struct strbuf got = {0};
    write_config("");
    mkdir("bin", 0755);
    test_number("symlink",
                symlink("../elsewhere/mail-scan", "bin/hourly") +
                    symlink("hourly", "bin/cron-job") + symlink("loop", "bin/loop"),
                0);
    call(&got, (char *[]){"bin/cron-job", NULL}, false);
    test_text("links are followed to a known name", strbuf_text(&got),
              "mail-scan limit=90 period=1hour format=text\n0");
    strbuf_reset(&got);
    call(&got, (char *[]){"bin/loop", "now", "--now=@1", NULL}, false);
    test_text("a loop of links ends", strbuf_text(&got), "1\n0");
    strbuf_clear(&got);
}

static void test_closed_output(void)
{
    struct strbuf got = {0};
    write_config("");
    call(&got, (char *[]){"now", "--now=@1", NULL}, true);
    test_text("output that is closed is trouble", strbuf_text(&got),
              "! now: cannot write the output: Bad file descriptor\n2");
    strbuf_clear(&got);
}

static void test_install(void)
{
    struct strbuf got = {0};
    char *install[] = {"spamgear", "--install", "links", NULL};
    char *force[] = {"spamgear", "--install", "links", "--force", NULL};
    char target[4096] = "";
    mkdir("links", 0755);
    call(&got, install, false);
    test_true("links of applets and old names", strstr(got.data, "mail-check -> ") != NULL &&
                                                    strstr(got.data, "old-mail -> ") != NULL);
    test_true("none of tools", strstr(got.data, "tool ->") == NULL);
    test_true("relative", readlink("links/now", target, sizeof target - 1) > 0 &&
                              strncmp(target, "../", 3) == 0);
    test_number("and right", access("links/now", X_OK), 0);
    strbuf_reset(&got);
    call(&got, install, false);
    test_text("again: nothing to do", strbuf_text(&got), "0");

    unlink("links/now");
    unlink("links/mail-scan");
    mkdir("links/mail-scan", 0755);
    close(open("links/now", O_CREAT | O_WRONLY, 0644));
    strbuf_reset(&got);
    call(&got, install, false);
    test_text("foreign files stay", strbuf_text(&got),
              "! spamgear: links/mail-scan: exists and is not ours; --force replaces it\n"
              "spamgear: links/now: exists and is not ours; --force replaces it\n2");
    strbuf_reset(&got);
    call(&got, force, false);
    test_true("--force replaces a file", strstr(got.data, "now -> ../") != NULL);
    test_true("but no directory",
              strstr(got.data, "! spamgear: links/mail-scan: Is a directory\n2") != NULL);
    test_number("nothing is left aside", rmdir("links/mail-scan"), 0);
    strbuf_clear(&got);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
    (void)st;
    (void)type;
    (void)where;
    return remove(path);
}

int main(void)
{
    umask(022);
    setenv("SPAMGEAR_CONFIG", "test.conf", 1);
    if (mkdtemp(folder) == NULL || chdir(folder) != 0) {
        perror(folder);
        return 1;
    }
    test_calls();
    test_links();
    test_closed_output();
    test_install();
    nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    return test_end();
}
