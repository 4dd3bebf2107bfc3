/* policy_service_test - requests over a socket, and cases that are opened and closed meanwhile. */
#include "spamgear/check/policy_service.h"

#include "spamgear/store/cases.h"
#include "test.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct loop *loop;
static char folder[] = "/tmp/spamgear-policy-XXXXXX", place[100], database[100];
static int fd;
static int told;
static char last[300];

static void take_line(void *state, const char *line)
{
    (void)state;
    told++;
    snprintf(last, sizeof last, "%s", line);
}

static void stop(void *state)
{
    loop_stop(state);
}

static void turn(int64_t ms)
{
    loop_every(loop, ms, stop, loop);
    loop_run(loop, NULL);
    loop_forget(loop, loop);
}

static void dial(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, place, strlen(place));
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    test_number("connected", connect(fd, (struct sockaddr *)&address, sizeof address), 0);
}

static void ask(const char *name, const char *user, const char *want)
{
    char text[500];
    int len = snprintf(text, sizeof text,
                       "request=smtpd_access_policy\nprotocol_state=RCPT\nsasl_username=%s\n"
                       "recipient=a@example.com\ninstance=%s\n\n",
                       user, name);
    test_number("asked", send(fd, text, (size_t)len, MSG_NOSIGNAL), len);
    turn(20);
    ssize_t got = recv(fd, text, sizeof text - 1, MSG_DONTWAIT);
    text[got > 0 ? got : 0] = '\0';
    test_text(name, text, want);
}

static struct policy_service *open_service(const struct texts *places)
{
    const struct policy_service_settings settings = {.policy = {.recipients = 2,
                                                                .period_s = 3600,
                                                                .action = "DEFER_IF_PERMIT later",
                                                                .case_action = "REJECT disabled",
                                                                .tell = take_line},
                                                     .places = places,
                                                     .state = folder,
                                                     .past_s = 3600,
                                                     .refresh_ms = 20};
    struct strbuf why = {0};
    struct policy_service *service = policy_service_open(loop, &settings, NULL, &why);
    test_text("it opens", strbuf_text(&why), "");
    strbuf_clear(&why);
    return service;
}

#define DUNNO  "action=DUNNO\n\n"
#define REJECT "action=REJECT disabled\n\n"

static void test_requests(const struct policy_service *service)
{
    ask("one", "bob", DUNNO);
    ask("two", "bob", DUNNO);
    ask("three", "bob", "action=DEFER_IF_PERMIT later\n\n");
    struct strbuf out = {0};
    policy_service_metrics(service, &out);
    test_true("metrics", strstr(strbuf_text(&out), "\nspamgear_policy_over_total 1\n") != NULL);
    test_true("of connections", strstr(strbuf_text(&out), "\nspamgear_policy_clients 1\n") != NULL);
    strbuf_clear(&out);
}

static void test_garbage(void)
{
    char text[100];
    int before = told;
    test_number("garbage", send(fd, "GET / HTTP/1.0\r\n\r\n", 18, MSG_NOSIGNAL), 18);
    turn(20);
    ssize_t got = recv(fd, text, sizeof text, MSG_DONTWAIT);
    test_bytes("is answered, too", text, got > 0 ? (size_t)got : 0, DUNNO, strlen(DUNNO));
    test_number("then it is the end", recv(fd, text, sizeof text, MSG_DONTWAIT), 0);
    test_number("and it is told", told, before + 1);
    close(fd);
    dial();
}

static void test_cases(void)
{
    struct strbuf why = {0};
    struct cases *cases = cases_open(folder, &why);
    struct case_file file = {.account = (char *)"carol",
                             .applet = (char *)"test",
                             .reason = (char *)"too much",
                             .evidence = (char *)"",
                             .opened = 1};
    test_number("a case", cases_add(cases, &file, &why), 0);
    turn(100);
    ask("an open case", "carol", REJECT);
    ask("of somebody else", "dave", DUNNO);
    test_number("closed", cases_close_case(cases, file.id, &why), 0);
    turn(100);
    ask("no longer", "carol", DUNNO);
    ask("over the rate", "bob", "action=DEFER_IF_PERMIT later\n\n");
    file.account = (char *)"bob";
    test_number("his case", cases_add(cases, &file, &why), 0);
    test_number("that is closed", cases_close_case(cases, file.id, &why), 0);
    turn(100);
    ask("let go", "bob", DUNNO);
    file.account = (char *)"erin";
    test_number("another", cases_add(cases, &file, &why), 0);
    turn(100);
    ask("another", "erin", REJECT);
    cases_close(cases);
    strbuf_clear(&why);
}

/* The database is damaged: that is told, and nobody has a case. */
static void test_damage(void)
{
    int before = told, db = open(database, O_WRONLY | O_TRUNC | O_CLOEXEC);
    test_number("damaged", write(db, "this is no database", 19), 19);
    close(db);
    for (int i = 0; i < 100 && told == before; i++)
        turn(50);
    turn(100);
    test_number("it is told once", told, before + 1);
    test_true("what", strstr(last, "cases cannot be read") != NULL);
    ask("nobody has one", "erin", DUNNO);
    unlink(database);
    turn(100);
    ask("nor without a database", "erin", DUNNO);
    test_number("which is no trouble", told, before + 1);
}

int main(void)
{
    struct texts places = {0};
    if (mkdtemp(folder) == NULL)
        return 1;
    snprintf(place, sizeof place, "unix:%s/policy", folder);
    snprintf(database, sizeof database, "%s/spamgear.db", folder);
    texts_add(&places, place);
    memmove(place, place + 5, strlen(place) - 4);
    loop = loop_new(NULL);
    struct policy_service *service = open_service(&places);
    dial();
    if (service != NULL) {
        test_requests(service);
        test_garbage();
        test_cases();
        test_damage();
    }
    close(fd);
    policy_service_close(service);
    loop_free(loop);
    texts_clear(&places);
    char *const left[] = {database, place};
    for (size_t i = 0; i < sizeof left / sizeof *left; i++)
        unlink(left[i]);
    snprintf(place, sizeof place, "%s/react.lock", folder);
    unlink(place);
    test_number("nothing is left", rmdir(folder), 0);
    return test_end();
}
