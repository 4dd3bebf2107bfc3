/* policy_ask - asks a policy service as Postfix does, and says how quickly it answered.
 *
 *     policy_ask [-c CONNECTIONS] [-n SECONDS] [-r RATE] PLACE
 *
 * PLACE is the path of a socket, or 127.0.0.1:PORT. Each connection has one question under way, as
 * an smtpd process has. With -r so many questions a second are asked, each at its own time whether
 * the one before is answered or not, and time counts from when it was due: waiting in line is part
 * of it. Printed: answers a second, and microseconds of the median, of 99 in 100, and the longest.
 */
#include <arpa/inet.h>
#include <getopt.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX 64
#define SAMPLES_MAX     20000000

static uint32_t *samples; /* microseconds */
static size_t samples_len;
static uint64_t asked;
static struct pollfd polls[CONNECTIONS_MAX];
static int64_t since[CONNECTIONS_MAX]; /* 0: nothing is under way */
static int connections = 1;

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void give_up(const char *what)
{
    perror(what);
    exit(1);
}

static int dial(const char *place)
{
    const char *colon = strchr(place, ':');
    struct sockaddr_un file = {.sun_family = AF_UNIX};
    struct sockaddr_in host = {.sin_family = AF_INET};
    int yes = 1;
    int fd = socket(place[0] == '/' ? AF_UNIX : AF_INET, SOCK_STREAM, 0);
    if (place[0] == '/') {
        snprintf(file.sun_path, sizeof file.sun_path, "%s", place);
        if (connect(fd, (struct sockaddr *)&file, sizeof file) != 0)
            give_up(place);
        return fd;
    }
    host.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    host.sin_port = htons((uint16_t)(colon != NULL ? strtoul(colon + 1, NULL, 10) : 0));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (connect(fd, (struct sockaddr *)&host, sizeof host) != 0)
        give_up(place);
    return fd;
}

/* What Postfix 3.7 sends at RCPT time: 1000 users, 10 recipients a message. */
static void ask(int which, int64_t due)
{
    char text[2000];
    uint64_t message = asked / 10;
    int len = snprintf(
        text, sizeof text,
        "request=smtpd_access_policy\nprotocol_state=RCPT\nprotocol_name=ESMTP\n"
        "client_address=192.0.2.%" PRIu64 "\nclient_name=pc.dsl.example.org\nclient_port=51234\n"
        "reverse_client_name=pc.dsl.example.org\nserver_address=192.0.2.250\nserver_port=587\n"
        "helo_name=[192.168.1.2]\nsender=user%" PRIu64 "@example.net\n"
        "recipient=r%" PRIu64 "@example.com\nrecipient_count=0\nqueue_id=\n"
        "instance=1a2b.%" PRIx64 ".0\nsize=12345\netrn_domain=\nstress=\nsasl_method=PLAIN\n"
        "sasl_username=user%" PRIu64 "@example.net\nsasl_sender=\nccert_subject=\nccert_issuer=\n"
        "ccert_fingerprint=\nccert_pubkey_fingerprint=\nencryption_protocol=TLSv1.3\n"
        "encryption_cipher=TLS_AES_256_GCM_SHA384\nencryption_keysize=256\npolicy_context=\n"
        "compatibility_level=3.6\nmail_version=3.7.11\n\n",
        message % 250, message % 1000, asked % 10, message, message % 1000);
    if (send(polls[which].fd, text, (size_t)len, MSG_NOSIGNAL) != len)
        give_up("send");
    since[which] = due;
    asked++;
}

static void hear(int which)
{
    static char text[1000];
    ssize_t got = recv(polls[which].fd, text, sizeof text, 0);
    if (got < 9 || memcmp(text, "action=", 7) != 0 || memcmp(text + got - 2, "\n\n", 2) != 0)
        give_up("no answer");
    if (samples_len < SAMPLES_MAX)
        samples[samples_len++] = (uint32_t)((now_ns() - since[which]) / 1000);
    since[which] = 0;
}

/* The time when the next question is due, with a rate; else now. */
static int64_t due_at(int64_t begun, uint64_t rate)
{
    return rate == 0 ? now_ns() : begun + (int64_t)(asked * 1000000000 / rate);
}

/* True: there was no connection for a question that was due. */
static bool ask_all_due(int64_t begun, uint64_t rate, bool waited)
{
    for (int i = 0; i < connections; i++) {
        int64_t due = due_at(begun, rate), now = now_ns();
        if (due > now)
            return false;
        if (since[i] == 0)
            ask(i, waited ? due : now);
    }
    return true;
}

static void hear_all(int64_t wait_ns)
{
    struct timespec t = {.tv_nsec = wait_ns};
    if (ppoll(polls, (nfds_t)connections, &t, NULL) < 0)
        give_up("poll");
    for (int i = 0; i < connections; i++)
        if (polls[i].revents != 0 && since[i] != 0)
            hear(i);
}

static void run(int64_t seconds, uint64_t rate)
{
    int64_t begun = now_ns(), end = begun + seconds * 1000000000;
    bool waited = false;
    while (now_ns() < end) {
        waited = ask_all_due(begun, rate, waited);
        int64_t wait = waited || rate == 0 ? 100000000 : due_at(begun, rate) - now_ns();
        hear_all(wait < 0 ? 0 : wait < 100000000 ? wait : 100000000);
    }
    printf("%.0f", (double)samples_len * 1e9 / (double)(now_ns() - begun));
}

static int order(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    int64_t seconds = 3;
    uint64_t rate = 0;
    for (int c; (c = getopt(argc, argv, "c:n:r:")) != -1;) {
        if (c == 'c')
            connections = (int)strtol(optarg, NULL, 10);
        else if (c == 'n')
            seconds = strtol(optarg, NULL, 10);
        else if (c == 'r')
            rate = strtoull(optarg, NULL, 10);
    }
    if (optind + 1 != argc || connections < 1 || connections > CONNECTIONS_MAX)
        return 2;
    samples = malloc(SAMPLES_MAX * sizeof *samples);
    if (samples == NULL)
        return 1;
    for (int i = 0; i < connections; i++)
        polls[i] = (struct pollfd){.fd = dial(argv[optind]), .events = POLLIN};
    run(seconds, rate);
    qsort(samples, samples_len, sizeof *samples, order);
    if (samples_len > 0)
        printf(" %" PRIu32 " %" PRIu32 " %" PRIu32, samples[samples_len / 2],
               samples[samples_len * 99 / 100], samples[samples_len - 1]);
    printf("\n");
    free(samples);
    return 0;
}
