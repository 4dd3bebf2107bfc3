/* notify_test - datagrams for a service manager, at a path and in the abstract namespace. */
#include "spamgear/net/notify.h"

#include "spamgear/base/mem.h"
#include "test.h"
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void check_place(const char *name, const char *place)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char got[100] = "";
    struct strbuf why = {0};
    size_t len = strlen(place);
    memcpy(address.sun_path, place, len);
    if (place[0] == '@')
        address.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
    test_number("a manager", bind(fd, (struct sockaddr *)&address, size), 0);
    setenv("NOTIFY_SOCKET", place, 1);
    test_number(name, notify_send("READY=1\nSTATUS=all is well", &why), 0);
    test_true("it came", recv(fd, got, sizeof got - 1, MSG_DONTWAIT) > 0);
    test_text("as it was sent", got, "READY=1\nSTATUS=all is well");
    int result = 0;
    for (int i = 0; i < 100000 && result == 0; i++)
        result = notify_send("WATCHDOG=1", &why);
    test_number("a manager that does not read does not stop us", result, -1);
    close(fd);
    test_number("nor one that is gone", notify_send("READY=1", &why), -1);
    test_true("which is told", why.len > 0);
    strbuf_clear(&why);
}

static void test_places(void)
{
    char folder[] = "/tmp/spamgear-notify-XXXXXX", place[100];
    struct strbuf why = {0};
    if (mkdtemp(folder) == NULL)
        return;
    snprintf(place, sizeof place, "%s/notify", folder);
    check_place("a path", place);
    unlink(place);
    rmdir(folder);
    snprintf(place, sizeof place, "@spamgear-notify-%ld", (long)getpid());
    check_place("an abstract name", place);

    unsetenv("NOTIFY_SOCKET");
    test_number("nobody wants to know", notify_send("READY=1", &why), 0);
    static const char *const bad[] = {"relative/path", "@", "/"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        setenv("NOTIFY_SOCKET", bad[i], 1);
        test_number(bad[i], notify_send("READY=1", &why), -1);
    }
    char *longest = mem_alloc(500);
    memset(longest, 'x', 499);
    longest[0] = '/';
    longest[499] = '\0';
    setenv("NOTIFY_SOCKET", longest, 1);
    test_number("too long", notify_send("READY=1", &why), -1);
    free(longest);
    unsetenv("NOTIFY_SOCKET");
    strbuf_clear(&why);
}

static void test_watchdog(void)
{
    char pid[32];
    snprintf(pid, sizeof pid, "%ld", (long)getpid());
    const struct {
        const char *usec, *pid;
        int64_t want;
    } cases[] = {{NULL, NULL, 0},
                 {"30000000", NULL, 15000},
                 {"30000000", pid, 15000},
                 {"30000000", "1", 0},
                 {"", NULL, 0},
                 {"-5", NULL, 0},
                 {"1000", NULL, 1},
                 {"0", NULL, 0},
                 {"99999999999999999999", pid, 0},
                 {"30000000", "bash", 0},
                 {"30s", pid, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsetenv("WATCHDOG_USEC");
        unsetenv("WATCHDOG_PID");
        if (cases[i].usec != NULL)
            setenv("WATCHDOG_USEC", cases[i].usec, 1);
        if (cases[i].pid != NULL)
            setenv("WATCHDOG_PID", cases[i].pid, 1);
        test_number(cases[i].usec != NULL ? cases[i].usec : "none", notify_watchdog_ms(),
                    cases[i].want);
    }
}

int main(void)
{
    test_places();
    test_watchdog();
    return test_end();
}
