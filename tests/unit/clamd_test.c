/* clamd - answers of every kind, and clamds that misbehave, played by a child process. The
 * real one is in tests/servers/clamd_test.sh. */
#include "spamgear/net/clamd.h"

#include "spamgear/base/clock.h"
#include "spamgear/base/mem.h"
#include "test.h"
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- answers ---- */

#define X10 "xxxxxxxxxx"

static const struct {
    const char *text;
    int result; /* -1 = none */
    uint32_t number;
    const char *name;
} answers[] = {
    {"1: fd[10]: OK", CLAMD_OK, 1, ""},
    {"2147483647: stream: OK", CLAMD_OK, 2147483647, ""},
    {"stream: OK", CLAMD_OK, 0, ""},
    {"3: fd[10]: Test.Marker-1.UNOFFICIAL FOUND", CLAMD_FOUND, 3, "Test.Marker-1.UNOFFICIAL"},
    {"3: stream: A(44d88612fea8a8f36de82e1278abb02f:68) FOUND", CLAMD_FOUND, 3,
     "A(44d88612fea8a8f36de82e1278abb02f:68)"},
    {"3: fd[10]: X FOUND FOUND", CLAMD_FOUND, 3, "X FOUND"},
    {"4: fd[7]: Can't open file or directory ERROR", CLAMD_ERROR, 4,
     "Can't open file or directory"},
    {"4: fd[7]: lstat() failed: Permission denied. ERROR", CLAMD_ERROR, 4,
     "lstat() failed: Permission denied."},
    {"4: INSTREAM size limit exceeded. ERROR", CLAMD_ERROR, 4, "INSTREAM size limit exceeded."},
    {"4: PROTOCOL ERROR: ancillary data sent without FILDES. ERROR", CLAMD_ERROR, 4,
     "PROTOCOL ERROR: ancillary data sent without FILDES."},
    {"COMMAND READ TIMED OUT ERROR", CLAMD_ERROR, 0, "COMMAND READ TIMED OUT"},
    {"5: stream: " X10 X10 X10 X10 X10 X10 X10 X10 X10 X10 " FOUND", CLAMD_FOUND, 5,
     X10 X10 X10 X10 X10 X10 X10 X10 X10 "xxxxxx"},
    {"", -1, 0, ""},
    {"1", -1, 0, ""},
    {"1: ", -1, 1, ""},
    {"1: OK", -1, 1, ""},
    {"1: : OK", -1, 1, ""},
    {"OK", -1, 0, ""},
    {": OK", -1, 0, ""},
    {"1: fd[]: OK", -1, 1, ""},
    {"1: fd[1: OK", -1, 1, ""},
    {"1: fd[1]x: OK", -1, 1, ""},
    {"1: /home/a/x.php: OK", -1, 1, ""},
    {"1: fd[1]: ok", -1, 1, ""},
    {"1: fd[1]: OK ", -1, 1, ""},
    {"1: fd[1]: OK\n", -1, 1, ""},
    {"1: fd[1]:  FOUND", -1, 1, ""},
    {"1: fd[1] FOUND", -1, 1, ""},
    {"1: X FOUND", -1, 1, ""},
    {" FOUND", -1, 0, ""},
    {" ERROR", -1, 0, ""},
    {"1: fd[1]:  ERROR", -1, 1, ""},
    {"1: PONG", -1, 1, ""},
    {"UNKNOWN COMMAND", -1, 0, ""},
    {"0: fd[1]: OK", -1, 0, ""},
    {"2147483648: fd[1]: OK", -1, 0, ""},
    {"99999999999999999999999: fd[1]: OK", -1, 0, ""},
    {"-1: fd[1]: OK", -1, 0, ""},
    {"1:fd[1]: OK", -1, 0, ""},
};

static void test_answers(void)
{
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        struct clamd_answer answer;
        int got = clamd_answer_parse(span_text(answers[i].text), &answer);
        test_number(answers[i].text, got == 0 ? (int)answer.result : got, answers[i].result);
        test_number(answers[i].text, answer.number, answers[i].number);
        if (got == 0)
            test_text(answers[i].text, answer.name, answers[i].name);
    }
}

/* ---- clamd.conf ---- */

#define LONG_PATH                                                                                  \
    "/" X10 X10 X10 X10 X10 X10 X10 X10 X10 X10 "xxxxxxx" /* 108: one too many for sun_path */

static const struct {
    const char *name, *text;
    const char *want; /* "socket host:port stream_max file_max scan_ms database", or why */
} confs[] = {
    {"socket", "LocalSocket /run/c.ctl\n", "/run/c.ctl 0 0 0"},
    {"quoted", "LocalSocket \"/run/my clamd\" # x\n", "/run/my clamd 0 0 0"},
    {"socket is preferred", "TCPSocket 3310\nLocalSocket /s\n", "/s 0 0 0"},
    {"tcp", "TCPSocket 3310\nTCPAddr 127.0.0.1\nTCPAddr ::1\n", "127.0.0.1:3310 0 0 0"},
    {"tcp anywhere", "TCPSocket 3310\r\nTCPAddr 0.0.0.0\r\n", "127.0.0.1:3310 0 0 0"},
    {"tcp without address", "TCPSocket\t 3310", "localhost:3310 0 0 0"},
    {"limits",
     "LocalSocket /s\nStreamMaxLength 25M\nMaxFileSize 10m\nMaxScanSize 1K\nMaxScanTime 500\n",
     "/s 26214400 1024 500"},
    {"the smaller limit", "LocalSocket /s\nMaxScanSize 0\nMaxFileSize 7\n", "/s 0 7 0"},
    {"no limits", "LocalSocket /s\nMaxScanSize 0\nMaxScanTime 0\n",
     "/s 0 18446744073709551615 9223372036854775807"},
    {"databases", "LocalSocket /s\nDatabaseDirectory /srv/clam db\n", "/s 0 0 0 /srv/clam db"},
    {"relative databases", "LocalSocket /s\nDatabaseDirectory db\n", "/s 0 0 0"},
    {"comments and others",
     "# LocalSocket /a\nExample\nLocalSocketMode 666\nLogFile \001\n"
     "  LocalSocket   /b  \n",
     "/b 0 0 0"},
    {"nothing", "", "f: names neither a LocalSocket nor a TCPSocket"},
    {"only an address", "TCPAddr 127.0.0.1\n", "f: names neither a LocalSocket nor a TCPSocket"},
    {"no value", "\nLocalSocket\n", "f:2: LocalSocket has no value"},
    {"empty quotes", "LocalSocket \"\"\n", "f:1: LocalSocket has no value"},
    {"open quotes", "LocalSocket \"/x\n", "f:1: LocalSocket has quotes that do not close"},
    {"control byte", "LocalSocket /x\033y\n", "f:1: LocalSocket holds a control byte"},
    {"relative", "LocalSocket x\n", "f:1: LocalSocket is no path of a socket"},
    {"too long", "LocalSocket " LONG_PATH "\n", "f:1: LocalSocket is no path of a socket"},
    {"no port", "TCPSocket 0\n", "f:1: TCPSocket is no port"},
    {"no port either", "TCPSocket 65536\n", "f:1: TCPSocket is no port"},
    {"no size", "StreamMaxLength 5T\n", "f:1: StreamMaxLength is no size"},
    {"no size either", "StreamMaxLength M\n", "f:1: StreamMaxLength is no size"},
    {"too much", "MaxFileSize 99999999999999999G\n", "f:1: MaxFileSize is no size"},
    {"no time", "MaxScanTime 1s\n", "f:1: MaxScanTime is no number of milliseconds"},
};

static void describe(const struct clamd_place *place, struct strbuf *out)
{
    clamd_place_describe(place, out);
    strbuf_format(out, " %" PRIu64 " %" PRIu64 " %" PRId64, place->stream_max, place->file_max,
                  place->scan_ms);
    if (place->database != NULL)
        strbuf_format(out, " %s", place->database);
}

static void test_confs(void)
{
    for (size_t i = 0; i < sizeof confs / sizeof *confs; i++) {
        struct clamd_place place;
        struct strbuf got = {0};
        if (clamd_place_parse(&place, span_text(confs[i].text), "f", &got) == 0)
            describe(&place, &got);
        test_text(confs[i].name, strbuf_text(&got), confs[i].want);
        clamd_place_clear(&place);
        strbuf_clear(&got);
    }
}

static void test_conf_files(void)
{
    struct clamd_place place;
    struct strbuf why = {0};
    FILE *f = fopen("clamd.conf", "w");
    test_true("written", f != NULL && fputs("LocalSocket /s\n", f) >= 0 && fclose(f) == 0);
    test_number("read", clamd_place_find(&place, "clamd.conf", &why), 0);
    test_text("socket", place.socket, "/s");
    clamd_place_clear(&place);
    test_true("grown", truncate("clamd.conf", (1 << 20) + 1) == 0);
    test_number("too large", clamd_place_find(&place, "clamd.conf", &why), -1);
    test_text("says", strbuf_text(&why), "clamd.conf: is larger than 1 MiB");
    test_number("folder", clamd_place_find(&place, ".", &why), -1);
    test_text("says", strbuf_text(&why), ".: is no regular file");
    test_true("fifo", mkfifo("fifo", 0600) == 0);
    test_number("does not hang", clamd_place_find(&place, "fifo", &why), -1);
    test_number("none", clamd_place_find(&place, "none", &why), -1);
    test_text("says", strbuf_text(&why), "none: No such file or directory");
    test_true("empty", place.socket == NULL && place.host == NULL && place.port == NULL);
    unlink("fifo");
    unlink("clamd.conf");
    strbuf_clear(&why);
}

/* ---- clamds that misbehave ---- */

#define WAIT_MS 300
#define GOOD    "1: fd[4]: Mydoom FOUND|2: fd[5]: OK|"

/* What the child sends when it has been asked for the first time two scans (the canaries), and for
 * the third; '|' is NUL. NULL: it closes the connection. */
static const struct play {
    const char *name, *to_canaries, *to_third;
    const char *want; /* what came of it */
} plays[] = {
    {"clean", GOOD, "3: fd[6]: OK|", "3 OK"},
    {"found", GOOD, "3: fd[6]: Some.Name FOUND|", "3 FOUND Some.Name"},
    {"error", GOOD, "3: fd[6]: lstat() failed ERROR|", "3 ERROR lstat() failed"},
    {"canaries the other way round", "2: fd[5]: Eicar FOUND|1: fd[4]: OK|", "3: fd[6]: OK|",
     "3 OK"},
    {"nothing", "", "", "open: clamd does not answer"},
    {"closes at once", NULL, "", "open: clamd closed the session"},
    {"calls everything clean", "1: fd[4]: OK|2: fd[5]: OK|", "",
     "open: clamd finds neither the EICAR test file nor its built-in test: it cannot scan (is its "
     "TemporaryDirectory missing or full?), or HeuristicAlerts is off and its database lacks "
     "EICAR"},
    {"cannot read", "1: fd[4]: Can't open file or directory ERROR|2: fd[5]: OK|", "",
     "open: clamd cannot scan: Can't open file or directory"},
    {"nonsense", "HTTP/1.1 400 Bad Request\r\n\r\n|", "",
     "open: clamd gave an answer that is none"},
    {"half an answer", "1: fd[4]: Mydoom FOUND|2: fd[5]", "", "open: clamd does not answer"},
    {"timed out", "COMMAND READ TIMED OUT ERROR|", "", "open: clamd says: COMMAND READ TIMED OUT"},
    {"unknown number", GOOD, "4: fd[6]: OK|", "next: clamd gave an answer to what was not asked"},
    {"number of the past", GOOD, "1: fd[6]: OK|",
     "next: clamd gave an answer to what was not asked"},
    {"no number", GOOD, "fd[6]: OK|", "next: clamd gave an answer to what was not asked"},
    {"twice", GOOD, "3: fd[6]: OK|3: fd[6]: OK|", "3 OK"},
    {"a pong nobody asked for", GOOD, "3: PONG|", "next: clamd gave an answer that is none"},
    {"dies", GOOD, NULL, "next: clamd closed the session"},
    {"falls silent", GOOD, "", "next: nothing"},
    {"half, then silence", GOOD, "3: fd[6]: O", "next: nothing"},
};

static void send_text(int fd, const char *text)
{
    for (; *text != '\0'; text++) { /* in small pieces, as a network might */
        char c = *text == '|' ? '\0' : *text;
        if (write(fd, &c, 1) != 1)
            return;
    }
}

/* Scans asked for in what can be read next: FILDES holds the only F. -1 at the end. */
static int commands(int fd)
{
    char bytes[100];
    int count = 0;
    ssize_t got = read(fd, bytes, sizeof bytes);
    for (ssize_t i = 0; i < got; i++)
        count += bytes[i] == 'F';
    return got > 0 ? count : -1;
}

static void play(int fd, const struct play *play)
{
    const char *const texts[] = {play->to_canaries, play->to_third};
    static const int after[] = {2, 3};
    int asked = 0, got;
    for (unsigned i = 0; i < 2; i++) {
        while (asked < after[i]) {
            if ((got = commands(fd)) < 0)
                return;
            asked += got;
        }
        if (texts[i] == NULL)
            return;
        send_text(fd, texts[i]);
    }
    while (commands(fd) >= 0)
        ;
}

static int listen_here(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    test_true("listens", fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
                             listen(fd, 1) == 0);
    return fd;
}

static pid_t start(int listener, const struct play *what)
{
    fflush(stdout);
    pid_t child = fork();
    if (child != 0)
        return child;
    alarm(20);
    signal(SIGPIPE, SIG_IGN);
    int fd = accept(listener, NULL, NULL);
    if (fd >= 0)
        play(fd, what);
    _exit(0);
}

static void tell(const struct clamd_answer *answer, struct strbuf *out)
{
    static const char *const names[] = {"OK", "FOUND", "ERROR"};
    strbuf_format(out, "%u %s%s%s", answer->number, names[answer->result],
                  answer->name[0] != '\0' ? " " : "", answer->name);
}

static void ask_one(struct clamd *clamd, struct strbuf *out)
{
    struct strbuf why = {0};
    struct clamd_answer answer;
    int fd = open("file", O_RDWR | O_CREAT, 0600);
    if (clamd_ask(clamd, fd, &why) == 0) {
        strbuf_format(out, "ask: %s", strbuf_text(&why));
    } else {
        int got = clamd_next(clamd, &answer, WAIT_MS, &why);
        if (got > 0)
            tell(&answer, out);
        else
            strbuf_format(out, "next: %s", got == 0 ? "nothing" : strbuf_text(&why));
    }
    close(fd);
    strbuf_clear(&why);
}

static void test_play(const struct play *what)
{
    struct clamd_place place = {.socket = (char *)(uintptr_t) "socket"};
    struct strbuf got = {0}, why = {0};
    int listener = listen_here(place.socket), status = 0;
    pid_t child = start(listener, what);
    close(listener);
    int64_t before = clock_steady_ms();
    struct clamd *clamd = clamd_open(&place, WAIT_MS, &why);
    if (clamd == NULL)
        strbuf_format(&got, "open: %s", strbuf_text(&why));
    else
        ask_one(clamd, &got);
    test_true("in time", clock_steady_ms() - before < 10 * WAIT_MS);
    clamd_close(clamd);
    test_text(what->name, strbuf_text(&got), what->want);
    test_true("child ends", waitpid(child, &status, 0) == child && status == 0);
    unlink(place.socket);
    strbuf_clear(&got);
    strbuf_clear(&why);
}

/* An answer that never ends is given up, not stored. */
static void test_endless(void)
{
    char *flood = mem_zero(1, 9001);
    memset(flood, 'x', 9000);
    struct play endless = {"endless", GOOD, flood, "next: clamd gave an answer without an end"};
    test_play(&endless);
    memcpy(flood, "3: fd[6]: ", 10);
    memcpy(flood + 8993, " FOUND|", 7);
    test_play(&endless);
    free(flood);
}

/* What clamd must not be asked is answered without it, and the session goes on. */
static void test_unfit(void)
{
    static const struct play clean = {"", GOOD, "3: fd[6]: OK|", ""};
    struct clamd_place place = {.socket = (char *)(uintptr_t) "socket", .file_max = 1000};
    struct strbuf why = {0}, got = {0};
    int listener = listen_here(place.socket);
    pid_t child = start(listener, &clean);
    close(listener);
    struct clamd *clamd = clamd_open(&place, WAIT_MS, &why);
    test_text("opens", strbuf_text(&why), "");
    int fds[] = {open(".", O_RDONLY), open("file", O_PATH), open("file", O_WRONLY),
                 open("large", O_RDWR | O_CREAT, 0600), -1};
    test_true("large", ftruncate(fds[3], 1001) == 0);
    for (unsigned i = 0; clamd != NULL && i < 5; i++) {
        struct clamd_answer answer = {0};
        uint32_t number = clamd_ask(clamd, fds[i], &why);
        test_true("its number", clamd_next(clamd, &answer, 0, &why) == 1 && number != 0 &&
                                    answer.number == number && answer.result == CLAMD_ERROR);
        strbuf_format(&got, "%s\n", answer.name);
        if (fds[i] >= 0)
            close(fds[i]);
    }
    test_text("told", strbuf_text(&got),
              "is no regular file\nwas not opened for reading\nwas not opened for reading\n"
              "is larger than clamd's MaxFileSize or MaxScanSize\nis not open\n");
    strbuf_reset(&got);
    if (clamd != NULL)
        ask_one(clamd, &got);
    test_text("goes on", strbuf_text(&got), "3 OK");
    clamd_close(clamd);
    waitpid(child, NULL, 0);
    unlink(place.socket);
    unlink("large");
    strbuf_clear(&got);
    strbuf_clear(&why);
}

/* ---- single commands ---- */

static const struct {
    const char *name, *reply; /* '|' is NUL */
    const char *version;      /* or why */
    bool answers;             /* to PING */
} singles[] = {
    {"version", "ClamAV 1.4.6/27000/Sat Nov 21 00:00:00 2026|",
     "ClamAV 1.4.6/27000/Sat Nov 21 00:00:00 2026", false},
    {"pong", "PONG|", "what listens there is no clamd", true},
    {"another server", "220 mail.example ESMTP|", "what listens there is no clamd", false},
    {"no end", "ClamAV 1.4.6", "clamd gives no answer", false},
    {"pong and no end", "PONG", "clamd gives no answer", false},
    {"nothing", "", "clamd gives no answer", false},
};

/* Answers two connections, each when it has said something. */
static pid_t start_single(int listener, const char *reply)
{
    fflush(stdout);
    pid_t child = fork();
    if (child != 0)
        return child;
    alarm(20);
    signal(SIGPIPE, SIG_IGN);
    for (unsigned i = 0; i < 2; i++) {
        int fd = accept(listener, NULL, NULL);
        if (commands(fd) >= 0)
            send_text(fd, reply);
        if (*reply != '\0')
            close(fd);
    }
    _exit(0);
}

static void test_singles(void)
{
    struct clamd_place place = {.socket = (char *)(uintptr_t) "socket"};
    for (size_t i = 0; i < sizeof singles / sizeof *singles; i++) {
        struct strbuf version = {0}, why = {0};
        int listener = listen_here(place.socket), status = 0;
        pid_t child = start_single(listener, singles[i].reply);
        close(listener);
        int got = clamd_version(&place, WAIT_MS, &version, &why);
        test_text(singles[i].name, strbuf_text(got == 0 ? &version : &why), singles[i].version);
        test_true(singles[i].name, clamd_answers(&place, WAIT_MS) == singles[i].answers);
        test_true("child ends", waitpid(child, &status, 0) == child && status == 0);
        unlink(place.socket);
        strbuf_clear(&version);
        strbuf_clear(&why);
    }
}

/* Nobody there, nobody who accepts, and a clamd that does not know PING. */
static void test_connect(void)
{
    struct clamd_place place = {.socket = (char *)(uintptr_t) "socket"};
    struct clamd_place tcp = {.host = (char *)(uintptr_t) "127.0.0.1",
                              .port = (char *)(uintptr_t) "1"};
    struct strbuf why = {0};
    test_true("none", clamd_open(&place, WAIT_MS, &why) == NULL);
    test_text("says", strbuf_text(&why), "clamd at socket: No such file or directory");
    test_true("no answer", !clamd_answers(&place, WAIT_MS));
    test_true("none by TCP", clamd_open(&tcp, WAIT_MS, &why) == NULL);
    test_text("says", strbuf_text(&why), "clamd at 127.0.0.1:1: Connection refused");
    int listener = listen_here(place.socket);
    int64_t before = clock_steady_ms();
    for (unsigned i = 0; i < 4; i++) /* its queue gets full */
        test_true("does not accept", !clamd_answers(&place, 50));
    test_true("does not accept", clamd_open(&place, 50, &why) == NULL);
    test_true("in time", clock_steady_ms() - before < 5000);
    close(listener);
    unlink(place.socket);
    strbuf_clear(&why);
}

int main(void)
{
    char dir[] = "/tmp/clamd_test.XXXXXX";
    if (mkdtemp(dir) == NULL || chdir(dir) != 0)
        return 1;
    test_answers();
    test_confs();
    test_conf_files();
    for (size_t i = 0; i < sizeof plays / sizeof *plays; i++)
        test_play(&plays[i]);
    test_endless();
    test_unfit();
    test_singles();
    test_connect();
    unlink("file");
    test_true("folder is empty", rmdir(dir) == 0);
    return test_end();
}
