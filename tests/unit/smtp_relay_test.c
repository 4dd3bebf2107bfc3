/* smtp_relay - every way in which the bytes of a dialogue can come. The connection to the server is
 * played here as TLS behaves: records, of which a read gives one; session tickets between them,
 * which a read swallows; records that were read ahead, of which poll knows nothing; and no word
 * about what to poll for while there is something to give. (ctest label: threads) */
#include "../../core/net/smtp_parts.h"

#include "test.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define LARGE    400000
#define LINE     "250-line\r\n"
#define LINE_LEN (sizeof LINE - 1)

/* ---- a connection that is like TLS ---- */

enum { DATA = 'd', TICKET = 't', HEAD = 3 }; /* a record: its kind, two bytes of length, bytes */

static struct smtp_wire *served; /* the one that is played */
static struct strbuf held;       /* read and not yet given */
static bool ahead;               /* takes all that is there, not only what it needs */

static void put_record(struct strbuf *out, char kind, const char *text, size_t len)
{
    strbuf_add_char(out, kind);
    strbuf_add_char(out, (char)(len / 256));
    strbuf_add_char(out, (char)(len % 256));
    strbuf_add(out, text, len);
}

/* How long the record is that held begins with, as far as that is known. */
static size_t record_len(void)
{
    const unsigned char *at = (const unsigned char *)held.data;
    return held.len < HEAD ? HEAD : HEAD + at[1] * 256u + at[2];
}

/* 1: a record is whole, 0: the end, -1: not yet. */
static ssize_t fill(int fd)
{
    char block[4096];
    while (held.len < record_len()) {
        size_t needed = record_len() - held.len;
        ssize_t got = read(fd, block, ahead || needed > sizeof block ? sizeof block : needed);
        if (got <= 0)
            return got;
        strbuf_add(&held, block, (size_t)got);
    }
    return 1;
}

static ssize_t give_record(char *at, size_t size)
{
    size_t len = record_len();
    ssize_t given = held.data[0] == TICKET ? 0 : (ssize_t)(len - HEAD);
    struct strbuf rest = {0};
    if (given > 0 && (size_t)given <= size)
        memcpy(at, held.data + HEAD, (size_t)given);
    strbuf_add(&rest, held.data + len, held.len - len);
    strbuf_clear(&held);
    held = rest;
    return given;
}

ssize_t smtp_wire_read(struct smtp_wire *wire, char *at, size_t size)
{
    ssize_t given = 0;
    if (wire != served) {
        given = read(wire->fd, at, size);
        return given < 0 && errno == EAGAIN ? WIRE_AGAIN : given;
    }
    while (given == 0) {
        ssize_t whole = fill(wire->fd);
        if (whole == 0)
            return WIRE_END;
        if (whole < 0) {
            wire->wants = POLLIN;
            return errno == EAGAIN ? WIRE_AGAIN : WIRE_BROKEN;
        }
        given = give_record(at, size);
    }
    return given;
}

ssize_t smtp_wire_write(struct smtp_wire *wire, const char *at, size_t len)
{
    ssize_t done = send(wire->fd, at, len, MSG_NOSIGNAL);
    if (done >= 0)
        return done;
    wire->wants = POLLOUT;
    return errno == EAGAIN ? WIRE_AGAIN : WIRE_BROKEN;
}

/* ---- both ends of a relay ---- */

struct stage {
    struct smtp_wire wire;
    struct smtp_relay relay;
    int client, server;
};

static void set_stage(struct stage *stage, bool wanted, bool reads_ahead)
{
    int here[2] = {-1, -1}, there[2] = {-1, -1};
    int kind = SOCK_STREAM | SOCK_NONBLOCK;
    test_true("sockets",
              socketpair(AF_UNIX, kind, 0, here) == 0 && socketpair(AF_UNIX, kind, 0, there) == 0);
    *stage = (struct stage){.client = here[0], .server = there[0], .wire = {.fd = there[1]}};
    stage->relay.wire = served = &stage->wire;
    stage->relay.fd = here[1];
    stage->relay.gate.wanted = wanted;
    ahead = reads_ahead;
    strbuf_reset(&held);
}

static void start(struct stage *stage)
{
    struct strbuf why = {0};
    test_number("starts", smtp_relay_start(&stage->relay, &why), 0);
    strbuf_clear(&why);
}

static void clear_stage(struct stage *stage, const char *why)
{
    close(stage->client);
    smtp_relay_join(&stage->relay);
    test_text("why", strbuf_text(&stage->relay.why), why);
    close(stage->server);
    close(stage->wire.fd);
    strbuf_clear(&stage->relay.why);
    strbuf_clear(&stage->relay.gate.refusal);
    strbuf_clear(&held);
}

static bool wait_for(int fd, short events)
{
    static int patience_ms = 10000; /* what does not hang takes no time; once is enough */
    struct pollfd poll_fd = {.fd = fd, .events = events};
    bool ready = poll(&poll_fd, 1, patience_ms) == 1;
    if (!ready)
        patience_ms = 100;
    return ready;
}

static void put(int fd, struct span bytes)
{
    while (bytes.len > 0 && wait_for(fd, POLLOUT)) {
        ssize_t done = send(fd, bytes.at, bytes.len, MSG_NOSIGNAL);
        if (done < 0 && errno != EAGAIN)
            break;
        bytes = span_skip(bytes, done < 0 ? 0 : (size_t)done);
    }
    test_number("all is taken", (int64_t)bytes.len, 0);
}

/* These bytes come, and no others before them. False when they do not, or the relay hangs. */
static bool expect(const char *name, int fd, struct span want)
{
    struct strbuf got = {0};
    char block[4096];
    while (got.len < want.len && wait_for(fd, POLLIN)) {
        size_t left = want.len - got.len;
        ssize_t more = read(fd, block, left < sizeof block ? left : sizeof block);
        if (more <= 0)
            break;
        strbuf_add(&got, block, (size_t)more);
    }
    test_true(name, got.len == want.len);
    test_bytes(name, got.data, got.len, want.at, got.len);
    bool came = got.len == want.len;
    strbuf_clear(&got);
    return came;
}

/* ---- what the server says ---- */

static const char *const replies[] = {"250 2.1.0 ok\r\n", "250-2.1.5 it", " is\r\n250 2.1.5 ok\r\n",
                                      "354 go on\r\n"};

/* All replies in one stream, with so many tickets before each; ends[i]: where the record of the
 * reply i ends. */
static void write_stream(struct strbuf *stream, size_t tickets, size_t *ends)
{
    for (size_t i = 0; i < sizeof replies / sizeof *replies; i++) {
        for (size_t t = 0; t < tickets; t++)
            put_record(stream, TICKET, "a session", 9);
        put_record(stream, DATA, replies[i], strlen(replies[i]));
        ends[i] = stream->len;
    }
}

/* What libesmtp can have when that much of the stream is there: whole lines. */
static void said_until(size_t cut, const size_t *ends, struct strbuf *said)
{
    strbuf_reset(said);
    for (size_t i = 0; i < sizeof replies / sizeof *replies && ends[i] <= cut; i++)
        strbuf_add_text(said, replies[i]);
    while (said->len > 0 && said->data[said->len - 1] != '\n')
        said->len--;
}

/* Nothing was ever waited for when the relay begins: the first part is there already. The second
 * comes when all of the first has passed. */
static bool cut_in_two(size_t cut, size_t tickets, bool reads_ahead)
{
    struct strbuf stream = {0}, said = {0}, all = {0};
    size_t ends[sizeof replies / sizeof *replies];
    struct stage stage;
    write_stream(&stream, tickets, ends);
    said_until(cut, ends, &said);
    said_until(stream.len, ends, &all);
    bool more = cut < stream.len;
    set_stage(&stage, false, reads_ahead);
    put(stage.server, (struct span){stream.data, more ? cut : stream.len});
    start(&stage);
    bool came = expect("the first part", stage.client, strbuf_span(&said));
    if (more)
        put(stage.server, span_skip(strbuf_span(&stream), cut));
    came = came && expect("the second part", stage.client, span_skip(strbuf_span(&all), said.len));
    clear_stage(&stage, "");
    strbuf_clear(&stream);
    strbuf_clear(&said);
    strbuf_clear(&all);
    return came && more;
}

static void test_cuts(void)
{
    for (size_t tickets = 0; tickets <= 4; tickets += 2)
        for (int reads_ahead = 0; reads_ahead < 2; reads_ahead++)
            for (size_t cut = 0; cut_in_two(cut, tickets, reads_ahead != 0); cut++)
                ;
}

static void test_single_bytes(void)
{
    for (int reads_ahead = 0; reads_ahead < 2; reads_ahead++) {
        struct strbuf stream = {0}, all = {0};
        size_t ends[sizeof replies / sizeof *replies];
        struct stage stage;
        write_stream(&stream, 1, ends);
        said_until(stream.len, ends, &all);
        set_stage(&stage, false, reads_ahead != 0);
        start(&stage);
        for (size_t i = 0; i < stream.len; i++)
            put(stage.server, (struct span){stream.data + i, 1});
        expect("byte by byte", stage.client, strbuf_span(&all));
        clear_stage(&stage, "");
        strbuf_clear(&stream);
        strbuf_clear(&all);
    }
}

/* ---- a dialogue ---- */

static void answer(const struct stage *stage, const char *text, size_t tickets)
{
    struct strbuf record = {0};
    put_record(&record, DATA, text, strlen(text));
    while (tickets-- > 0)
        put_record(&record, TICKET, "a session", 9);
    put(stage->server, strbuf_span(&record));
    strbuf_clear(&record);
    expect(text, stage->client, span_text(text));
}

static void ask(const struct stage *stage, struct span text, size_t cut)
{
    put(stage->client, (struct span){text.at, cut < text.len ? cut : text.len});
    put(stage->client, span_skip(text, cut < text.len ? cut : text.len));
    expect("a question", stage->server, text);
}

/* The gate sees whole lines until the log-in is done; a reply comes with tickets behind it. */
static void test_log_in(void)
{
    struct span hello = SPAN("EHLO a\r\nAUTH PLAIN x\r\n"), mail = SPAN("MAIL FROM:<c>\r\n");
    for (size_t cut = 0; cut <= hello.len; cut++) {
        struct stage stage;
        set_stage(&stage, true, cut % 2 == 1);
        start(&stage);
        ask(&stage, hello, cut);
        answer(&stage, "250-b\r\n250 AUTH PLAIN\r\n", 2);
        answer(&stage, "235 welcome\r\n", 2);
        ask(&stage, mail, cut);
        answer(&stage, "250 ok\r\n", 0);
        ask(&stage, SPAN("RCPT TO:<d>\r\nDATA\r\n"), cut);
        answer(&stage, "250 ok\r\n354 go on\r\n", 1);
        clear_stage(&stage, "");
    }
}

static void test_no_log_in(void)
{
    struct stage stage;
    set_stage(&stage, true, false);
    start(&stage);
    ask(&stage, SPAN("AUTH PLAIN x\r\n"), 3);
    answer(&stage, "535 no\r\n", 1);
    put(stage.client, SPAN("RSET\r\nMAIL FROM:<c>\r\n"));
    test_true("hung up on", wait_for(stage.client, POLLIN));
    clear_stage(&stage, "it refused the log-in: 535 no");
}

static size_t stuff(int fd, struct span bytes)
{
    size_t sent = 0;
    while (sent < bytes.len) {
        ssize_t done = send(fd, bytes.at + sent, bytes.len - sent, MSG_NOSIGNAL);
        if (done <= 0)
            break;
        sent += (size_t)done;
    }
    return sent;
}

/* Both sides talk until nobody takes more; then one is heard, and then the other. */
static void test_much(void)
{
    struct strbuf lines = {0}, stream = {0};
    while (lines.len < LARGE) {
        strbuf_add(&lines, LINE, LINE_LEN);
        put_record(&stream, DATA, LINE, LINE_LEN);
    }
    for (int server_first = 0; server_first < 2; server_first++) {
        struct stage stage;
        set_stage(&stage, false, server_first != 0);
        start(&stage);
        size_t asked = stuff(stage.client, strbuf_span(&lines));
        size_t whole = stuff(stage.server, strbuf_span(&stream)) / (HEAD + LINE_LEN);
        if (server_first)
            expect("much", stage.server, (struct span){lines.data, asked});
        expect("many", stage.client, (struct span){lines.data, whole * LINE_LEN});
        if (!server_first)
            expect("much", stage.server, (struct span){lines.data, asked});
        clear_stage(&stage, "");
    }
    strbuf_clear(&lines);
    strbuf_clear(&stream);
}

static void test_end_of_server(void)
{
    struct stage stage;
    struct strbuf record = {0};
    set_stage(&stage, false, true);
    put_record(&record, DATA, "250 ok\r\n421 bye\r\n", 17);
    put(stage.server, strbuf_span(&record));
    shutdown(stage.server, SHUT_RDWR);
    start(&stage);
    expect("its last words", stage.client, SPAN("250 ok\r\n421 bye\r\n"));
    test_true("the end", wait_for(stage.client, POLLIN));
    clear_stage(&stage, "it closed the connection");
    strbuf_clear(&record);
}

int main(void)
{
    test_cuts();
    test_single_bytes();
    test_log_in();
    test_no_log_in();
    test_much();
    test_end_of_server();
    return test_end();
}
