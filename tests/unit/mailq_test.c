/* mailq - queues made by hand: what is counted, since when, and that nothing is taken for empty
 * that could not be counted. (ctest label: threads) */
#include "spamgear/net/mailq.h"

#include "spamgear/base/clock.h"
#include "spamgear/net/mailq_read.h"
#include "test.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOW 1795311335

static const struct {
    const char *name;
    bool is_postfix, is_exim;
    int64_t postfix, exim;
} names[] = {
    {"19E83B9D960", true, false, 0, 0},
    {"4Zz1hb4xB0z9Xq", true, false, 1747340223, 0},
    {"000000zzz", true, false, 0, 0},
    {"zzzzzzzzzzzz", true, false, 0, 0}, /* a time that no clock shows */
    {"", false, false, 0, 0},
    {"A", false, false, 0, 0},
    {"..", false, false, 0, 0},
    {"host_domain_tld", true, false, 0, 0},
    {"19E83B9D960.tmp", false, false, 0, 0},
    {"1rkT9N-0005Zw-Hb-H", false, true, 0, 1710353785},
    {"1rkT9N-0005Zw-Hb-D", false, false, 0, 0},
    {"1rkT9N-0005Zw-Hb-J", false, false, 0, 0},
    {"1rkT9N-00000005Zw1-Hb4k-H", false, true, 0, 1710353785},
    {"hdr.1234", false, false, 0, 0},
    {"1rkT9N-0005Zw-Hb-HH", false, false, 0, 0},
    {"1rkT9N-0005Zw-H", false, false, 0, 0},
    {"zzzzzz-0005Zw-Hb-H", false, true, 0, 0},
};

static void test_names(void)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *name = names[i].name;
        test_number(name, mailq_is_postfix_name(name), names[i].is_postfix);
        test_number(name, mailq_is_exim_name(name), names[i].is_exim);
        test_number(name, mailq_postfix_arrival(name), names[i].postfix);
        test_number(name, mailq_exim_arrival(name), names[i].exim);
    }
}

/* ---- files ---- */

static void put(const char *path, const char *text, mode_t mode)
{
    FILE *file = fopen(path, "w");
    if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0 || chmod(path, mode) != 0) {
        perror(path);
        exit(1);
    }
}

static void make_spool(const char *spool)
{
    static const char *const folders[] = {"",         "/maildrop",    "/incoming",   "/active",
                                          "/hold",    "/deferred",    "/deferred/0", "/deferred/A",
                                          "/corrupt", "/deferred/A/B"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        char path[256];
        snprintf(path, sizeof path, "%s%s", spool, folders[i]);
        mkdir(path, 0700);
    }
}

static uint64_t count_of(const struct mailq *mailq, const char *name, int64_t *oldest)
{
    for (size_t i = 0; i < mailq->queues.len; i++)
        if (strcmp(mailq->queues.at[i].name, name) == 0) {
            *oldest = mailq->queues.at[i].oldest;
            return mailq->queues.at[i].messages;
        }
    return 9999;
}

static void test_spool(void)
{
    struct mailq_settings settings = {
        .server = "postfix", .postfix_config = "nowhere", .postfix_spool = "spool"};
    struct mailq mailq;
    struct strbuf why = {0};
    int64_t oldest = 0;
    make_spool("spool");
    put("spool/maildrop/12345AB", "", 0644);       /* being written */
    put("spool/maildrop/12346AB", "T\0011", 0744); /* a user's record is not believed */
    put("spool/incoming/12345AC", "", 0600);       /* being written */
    put("spool/active/12345AD", "C\001 T\0141700000000 5S\001x", 0700);
    put("spool/corrupt/12345AE", "", 0700);
    put("spool/deferred/A/12345AF", "", 0700);
    put("spool/deferred/0/4Zz1hb4xB0z9Xq", "", 0700);
    put("spool/deferred/A/B/12345B0", "T\0129600000000", 0700); /* damaged: in the future */
    put("spool/deferred/notes.txt", "", 0700);
    mkfifo("spool/deferred/A/12345B1", 0700);
    symlink("12345AF", "spool/deferred/A/12345B2");
    symlink("../../active", "spool/deferred/L");
    mkdir("spool/deferred/A/12345B3", 0700);
    put("spool/hold/12345B4", "", 0600);
    put("spool/hold/12345B5", "", 0700);
    test_number("counted", mailq_count(&settings, &mailq, &why), 0);
    test_text("why", strbuf_text(&why), "");
    test_text("how", mailq.how, "spool");
    test_number("all", (int64_t)mailq.messages, 6);
    test_number("maildrop", (int64_t)count_of(&mailq, "maildrop", &oldest), 1);
    test_true("kernel's time", oldest > 1700000001);
    test_number("incoming", (int64_t)count_of(&mailq, "incoming", &oldest), 0);
    test_number("none", oldest, 0);
    test_number("active", (int64_t)count_of(&mailq, "active", &oldest), 1);
    test_number("its record", oldest, 1700000000);
    test_number("deferred", (int64_t)count_of(&mailq, "deferred", &oldest), 3);
    test_number("long ID", oldest, 1747340223);
    test_number("hold", (int64_t)count_of(&mailq, "hold", &oldest), 1);
    test_number("oldest", mailq.oldest, 1700000000);
    mailq_clear(&mailq);
    settings.count_only = true;
    test_number("only counted", mailq_count(&settings, &mailq, &why), 0);
    test_number("as many", (int64_t)mailq.messages, 6);
    test_number("no age", mailq.oldest, 0);
    mailq_clear(&mailq);
    strbuf_clear(&why);
}

/* A folder that is no spool is not an empty queue. */
static void test_no_spool(void)
{
    struct mailq_settings settings = {
        .server = "postfix", .postfix_config = "nowhere", .postfix_spool = "empty"};
    struct mailq mailq;
    struct strbuf why = {0};
    mkdir("empty", 0700);
    test_number("no queues", mailq_count(&settings, &mailq, &why), -1);
    test_true("says so", strstr(strbuf_text(&why), "empty: holds no queues of Postfix; ") != NULL);
    mailq_clear(&mailq);
    settings.postfix_spool = "missing";
    test_number("no folder", mailq_count(&settings, &mailq, &why), -1);
    test_true("says why", strstr(strbuf_text(&why), "missing: No such file") != NULL);
    mailq_clear(&mailq);
    settings.postfix_spool = NULL;
    test_number("no main.cf", mailq_count(&settings, &mailq, &why), -1);
    test_true("names it", strstr(strbuf_text(&why), "main.cf") != NULL);
    mailq_clear(&mailq);
    settings.server = "sendmail";
    test_number("unknown server", mailq_count(&settings, &mailq, &why), -1);
    mailq_clear(&mailq);
    strbuf_clear(&why);
}

static void test_instances(void)
{
    struct mailq_settings settings = {.server = "postfix", .postfix_config = "conf"};
    struct mailq mailq;
    struct strbuf why = {0};
    int64_t oldest = 0;
    mkdir("conf", 0700);
    mkdir("conf-out", 0700);
    mkdir("conf-third", 0700);
    make_spool("spool2");
    make_spool("spool3");
    put("spool2/active/ABCDE1", "", 0700);
    put("spool2/active/ABCDE2", "", 0700);
    put("spool3/hold/ABCDE2", "", 0700);
    put("conf/main.cf",
        "queue_directory = wrong\nx = sp\nqueue_directory =\n # a comment\n\n   ${x}ool\n"
        "multi_instance_directories = conf-out,\n\tconf-third\n",
        0644);
    put("conf-out/main.cf", "queue_directory=spool2\nmulti_instance_name = postfix-out\n", 0644);
    put("conf-third/main.cf", "queue_directory=spool3\n", 0644);
    test_number("counted", mailq_count(&settings, &mailq, &why), 0);
    test_text("why", strbuf_text(&why), "");
    test_number("all", (int64_t)mailq.messages, 9);
    test_number("first", (int64_t)count_of(&mailq, "active", &oldest), 1);
    test_number("second", (int64_t)count_of(&mailq, "postfix-out/active", &oldest), 2);
    test_number("third", (int64_t)count_of(&mailq, "conf-third/hold", &oldest), 1);
    mailq_clear(&mailq);
    put("conf-third/main.cf", "queue_directory=spool4\n", 0644);
    test_number("one is missing", mailq_count(&settings, &mailq, &why), -1);
    test_number("the others", (int64_t)mailq.messages, 8);
    mailq_clear(&mailq);
    strbuf_clear(&why);
}

static void test_parameters(void)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        {"", "default"},
        {"a = b\n", "b"},
        {"a = b", "b"},
        {"a=b\na = c # no comment\n", "c # no comment"},
        {"#a = b\n", "default"},
        {" a = b\n", "b"},
        {"x = y\n a = b\n", "default"}, /* goes on with x */
        {"a = \n", ""},
        {"a = $b/${b}/$(b)\nb = 1\n", "1/1/1"},
        {"a = $config_directory/x\n", "cf/x"},
        {"ab = x\n", "default"},
    };
    mkdir("cf", 0700);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct strbuf value = {0}, why = {0};
        put("cf/main.cf", rows[i].text, 0644);
        test_number(rows[i].text,
                    mailq_parameter("cf", "a", "default", clock_steady_ms() + 5000, &value, &why),
                    0);
        test_text(rows[i].text, strbuf_text(&value), rows[i].want);
        strbuf_clear(&value);
        strbuf_clear(&why);
    }
    static const char *const bad[] = {"a = $unknown\n", "a = $a\n", "a = ${b?c}\nb = 1\n",
                                      "a = $\n", "a = ${b\nb = 1\n"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct strbuf value = {0}, why = {0};
        put("cf/main.cf", bad[i], 0644);
        test_number(bad[i],
                    mailq_parameter("cf", "a", "default", clock_steady_ms() + 5000, &value, &why),
                    -1);
        strbuf_clear(&value);
        strbuf_clear(&why);
    }
}

/* ---- listings ---- */

static void note(void *state, const struct mailq_message *message)
{
    struct strbuf *log = state;
    strbuf_add_span(log, message->queue);
    strbuf_add_char(log, ' ');
    strbuf_add_span(log, message->queue_id);
    strbuf_format(log, " %" PRId64 " ", message->arrival);
    strbuf_add_span(log, message->sender);
    strbuf_add_char(log, '\n');
}

#define PROTOCOL "protocol\0mail_queue_list_protocol\0\0"
#define MESSAGE                                                                                    \
    "queue_name\0active\0queue_id\0ABC1\0time\0001700000000\0size\0001\0forced_expire\0000\0"      \
    "sender\0a@example.net\0"
#define RECIPIENT "original_recipient\0b\0recipient\0b\0log_class\0\0reason\0sender\0"

static const struct {
    const char *name, *at;
    size_t len;
    const char *want; /* NULL: refused */
    bool done;
} answers[] = {
#define ANSWER(name, text, want, done)                                                             \
    {                                                                                              \
        name, text, sizeof(text) - 1, want, done                                                   \
    }
    ANSWER("empty", PROTOCOL "\0", "", true),
    ANSWER("without protocol", "\0", "", true),
    ANSWER("cut", PROTOCOL, "", false),
    ANSWER("one", PROTOCOL MESSAGE RECIPIENT RECIPIENT "\0\0",
           "active ABC1 1700000000 a@example.net\n", true),
    ANSWER("old", MESSAGE "\0\0", "active ABC1 1700000000 a@example.net\n", true),
    ANSWER("two, cut", PROTOCOL MESSAGE "\0" MESSAGE, "active ABC1 1700000000 a@example.net\n",
           false),
    ANSWER("a second sender", MESSAGE "sender\0x\0queue_name\0hold\0\0\0",
           "active ABC1 1700000000 a@example.net\n", true),
    ANSWER("no sender", "queue_name\0active\0queue_id\0A1\0time\0001\0\0\0", NULL, false),
    ANSWER("unknown queue", "queue_name\0x\0queue_id\0A1\0time\0001\0sender\0\0\0\0", NULL, false),
    ANSWER("no time", "queue_name\0hold\0queue_id\0A1\0time\0x\0sender\0\0\0\0", NULL, false),
    ANSWER("more", PROTOCOL "\0x", NULL, true),
    ANSWER("text", "Mail queue is empty\n", "", false),
};

static void test_showq(void)
{
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        for (size_t step = 1; step <= 64; step *= 8) {
            struct strbuf log = {0}, why = {0};
            struct mailq_showq showq = {.each = note, .state = &log};
            int result = 0;
            for (size_t at = 0; at < answers[i].len && result == 0; at += step) {
                size_t left = answers[i].len - at;
                result = mailq_showq_feed(
                    &showq, (struct span){answers[i].at + at, left < step ? left : step}, &why);
            }
            test_number(answers[i].name, result, answers[i].want == NULL ? -1 : 0);
            if (answers[i].want != NULL)
                test_text(answers[i].name, strbuf_text(&log), answers[i].want);
            test_number(answers[i].name, showq.done, answers[i].done);
            mailq_showq_clear(&showq);
            strbuf_clear(&log);
            strbuf_clear(&why);
        }
}

#define LINE                                                                                       \
    "{\"queue_name\": \"hold\", \"queue_id\": \"A1\", \"arrival_time\": 5, \"message_size\": 1, "  \
    "\"forced_expire\": false, \"sender\": \"a\\\\b\", \"recipients\": [{\"address\": \"x\"}]}"

static const struct {
    const char *text, *want, *why;
} line_rows[] = {
    {"", "", ""},
    {LINE "\n", "hold A1 5 a\\b\n", ""},
    {LINE "\n" LINE "\n", "hold A1 5 a\\b\nhold A1 5 a\\b\n", ""},
    {LINE, "", "postqueue: line 0: {\"queue_name\": "},
    {"postqueue: fatal: \033 no\n", "", "postqueue: line 1: postqueue: fatal: \\x1b no"},
    {LINE "\n{}\n" LINE "\n", "hold A1 5 a\\b\n", "postqueue: line 2: {}"},
    {"{\"recipients\": [{\"queue_name\": \"hold\"}]}\n", "", "postqueue: line 1: "},
    {"{\"queue_name\": \"x\", \"queue_id\": \"A1\", \"arrival_time\": 5, \"sender\": \"\"}\n", "",
     "postqueue: line 1: "},
    {"{\"queue_name\": \"hold\", \"queue_id\": \"A1\", \"arrival_time\": -5, \"sender\": \"\"}\n",
     "", "postqueue: line 1: "},
    {"\n", "", "postqueue: line 1: "},
};

static void test_lines(void)
{
    for (size_t i = 0; i < sizeof line_rows / sizeof *line_rows; i++)
        for (size_t step = 1; step <= 4096; step *= 64) {
            struct strbuf log = {0}, why = {0};
            struct mailq_lines lines = {.each = note, .state = &log, .why = &why};
            const char *text = line_rows[i].text;
            for (size_t at = 0; at < strlen(text); at += step) {
                size_t left = strlen(text) - at;
                mailq_lines_feed(&lines, (struct span){text + at, left < step ? left : step});
            }
            test_number(text, mailq_lines_end(&lines), *line_rows[i].why == '\0' ? 0 : -1);
            test_text(text, strbuf_text(&log), line_rows[i].want);
            test_true(text,
                      strncmp(strbuf_text(&why), line_rows[i].why, strlen(line_rows[i].why)) == 0);
            strbuf_clear(&log);
            strbuf_clear(&why);
        }
}

/* Many recipients do not make a line grow. */
static void test_long_line(void)
{
    struct strbuf log = {0}, why = {0};
    struct mailq_lines lines = {.each = note, .state = &log, .why = &why};
    mailq_lines_feed(&lines, (struct span){LINE, sizeof LINE - 3}); /* without "]}" */
    for (int i = 0; i < 100000; i++)
        mailq_lines_feed(&lines, SPAN(", {\"address\": \"recipient@example.com\"}"));
    test_true("bounded", lines.line.cap <= 2 * MAILQ_LINE_MAX);
    mailq_lines_feed(&lines, SPAN("]}\n"));
    test_number("read", mailq_lines_end(&lines), 0);
    test_text("message", strbuf_text(&log), "hold A1 5 a\\b\n");
    strbuf_clear(&log);
    strbuf_clear(&why);
}

/* ---- showq's socket, where the folders may not be read ---- */

static pid_t serve(const char *path, const char *answer, size_t len)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    unlink(path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 1) != 0)
        exit(1);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        int client = accept(fd, NULL, NULL);
        ssize_t sent = write(client, answer, len);
        if (answer[0] == 'h') /* hangs */
            pause();
        _exit(sent < 0);
    }
    close(fd);
    return child;
}

static int ask(const char *answer, size_t len, struct mailq *mailq, struct strbuf *why)
{
    struct mailq_settings settings = {.server = "postfix",
                                      .postfix_config = "nowhere",
                                      .postfix_spool = "socket",
                                      .deadline_ms = 500};
    pid_t server = serve("socket/public/showq", answer, len);
    int result = mailq_count(&settings, mailq, why);
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
    return result;
}

static void test_socket(void)
{
    static const char good[] = PROTOCOL MESSAGE "\0" MESSAGE RECIPIENT "\0\0";
    struct mailq mailq;
    struct strbuf why = {0};
    int64_t oldest = 0, start = clock_steady_ms();
    mkdir("socket", 0700);
    mkdir("socket/public", 0700);
    test_number("answer", ask(good, sizeof good - 1, &mailq, &why), 0);
    test_text("how", mailq.how, "showq");
    test_number("messages", (int64_t)count_of(&mailq, "active", &oldest), 2);
    test_number("oldest", oldest, 1700000000);
    mailq_clear(&mailq);
    test_number("cut", ask(good, sizeof good - 2, &mailq, &why), -1);
    test_true("told", strstr(strbuf_text(&why), "showq's answer is not whole") != NULL);
    mailq_clear(&mailq);
    test_number("hangs", ask("hang", 4, &mailq, &why), -1);
    test_true("in time", clock_steady_ms() - start < 20000);
    mailq_clear(&mailq);
    strbuf_clear(&why);
}

/* ---- Exim, and commands ---- */

static void test_exim(void)
{
    struct mailq_settings settings = {.server = "exim", .exim_spool = "exim"};
    struct mailq mailq;
    struct strbuf why = {0};
    int64_t oldest = 0;
    mkdir("exim", 0700);
    test_number("no input", mailq_count(&settings, &mailq, &why), -1);
    mailq_clear(&mailq);
    mkdir("exim/input", 0700);
    mkdir("exim/input/Z", 0700);
    mkdir("exim/slow", 0700);
    mkdir("exim/slow/input", 0700);
    mkdir("exim/msglog", 0700);
    put("exim/input/1rkT9N-0005Zw-Hb-H", "", 0640);
    put("exim/input/1rkT9N-0005Zw-Hb-D", "", 0640);
    put("exim/input/Z/1rkT8N-0005Zw-Hb-H", "", 0640);
    put("exim/slow/input/1rkT9N-0005Zw-Hc-H", "", 0640);
    put("exim/input/hdr.123", "", 0640);
    test_number("counted", mailq_count(&settings, &mailq, &why), 0);
    test_number("all", (int64_t)mailq.messages, 3);
    test_number("input", (int64_t)count_of(&mailq, "input", &oldest), 2);
    test_number("oldest", oldest, mailq_exim_arrival("1rkT8N-0005Zw-Hb-H"));
    test_number("named queue", (int64_t)count_of(&mailq, "slow/input", &oldest), 1);
    mailq_clear(&mailq);
    strbuf_clear(&why);
}

static void test_command(void)
{
    static const struct {
        const char *script;
        int result;
        int64_t messages;
    } rows[] = {
        {"echo 12", 0, 12},
        {"printf '  7\\n\\n'", 0, 7},
        {"echo 0", 0, 0},
        {"echo", -1, 0},
        {"echo 1 2", -1, 0},
        {"echo -1", -1, 0},
        {"echo 12; exit 1", -1, 0},
        {"echo many", -1, 0},
        {"echo 99999999999999999999", -1, 0},
        {"sleep 9", -1, 0},
        {"kill -9 $$", -1, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct texts command = {0};
        struct mailq mailq;
        struct strbuf why = {0};
        texts_add(&command, "/bin/sh");
        texts_add(&command, "-c");
        texts_add(&command, rows[i].script);
        struct mailq_settings settings = {.command = &command, .deadline_ms = 1000};
        test_number(rows[i].script, mailq_count(&settings, &mailq, &why), rows[i].result);
        test_number(rows[i].script, (int64_t)mailq.messages, rows[i].messages);
        test_true(rows[i].script, (rows[i].result == 0) == (why.len == 0));
        mailq_clear(&mailq);
        texts_clear(&command);
        strbuf_clear(&why);
    }
}

int main(void)
{
    char dir[] = "/tmp/mailq-test-XXXXXX";
    if (mkdtemp(dir) == NULL || chdir(dir) != 0)
        return 1;
    signal(SIGPIPE, SIG_IGN);
    clock_pin(NOW);
    test_names();
    test_spool();
    test_no_spool();
    test_instances();
    test_parameters();
    test_showq();
    test_lines();
    test_long_line();
    test_socket();
    test_exim();
    test_command();
    const char *argv[] = {"rm", "-rf", dir, NULL};
    if (chdir("/") != 0 || fork() == 0)
        execvp(argv[0], (char *const *)argv);
    wait(NULL);
    return test_end();
}
